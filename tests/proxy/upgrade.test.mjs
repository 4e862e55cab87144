// Broker and workers become other programs behind a web server that knows
// nothing of it: no stream ends, no event is lost or comes twice, and no request
// fails, on kept connections too.
//
// MCP_UPGRADE_STREAMS (500) says how many streams stay open meanwhile.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { FcgiConnection } from '../lib/fcgi.mjs';
import { post } from '../lib/http.mjs';
import { bin, lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { runs, until } from '../lib/stack.mjs';

const STREAMS = Number(process.env.MCP_UPGRADE_STREAMS ?? 500);
const UPGRADES = 10;
const CALLERS = 8;

// -> { status, out, err } of mcpctl
function upgrade(site) {
  return new Promise((resolve) => {
    execFile(path.join(bin, 'mcpctl'), ['upgrade', '--dir', site.dir], (error, out, err) => resolve({ status: error ? error.code : 0, out, err }));
  });
}

// Streams on the broker's own socket, as the web server would open them.
class Crowd {
  heard = []; // of each, its bytes
  ended = 0;
  #sockets = [];

  async open(site, n) {
    for (let i = 0; i < n; i += 100) await Promise.all(Array.from({ length: Math.min(100, n - i) }, (_, k) => this.#one(site, i + k)));
  }

  #one(site, i) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(site.brokerSocket);
      this.#sockets.push(socket);
      this.heard[i] = '';
      socket.on('error', reject);
      socket.on('close', () => this.ended++);
      socket.on('data', (bytes) => {
        this.heard[i] += bytes;
        if (this.heard[i].includes('connection_established')) resolve();
      });
      socket.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    });
  }

  close() {
    for (const one of this.#sockets) one.destroy();
  }
}

// One who calls a tool again and again on a kept connection.
async function caller(site, state) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_client', arguments: { email: 'test@example.com' } } });
  while (state.running) {
    const status = await new Promise((resolve) => {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const request = http.request(site.mcp, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      });
      request.on('error', (error) => resolve(error.code));
      request.end(body);
    });
    if (status === 200) state.served++;
    else state.failed.push(status);
  }
  agent.destroy();
}

// One who puts events on a stream, each when the one before is acknowledged.
async function publisher(site, stream, state) {
  const { connection_id } = (await stream.next('connected')).json;
  while (state.running) {
    const began = performance.now();
    const answer = await post(`${site.mcp}/sse/message`, { jsonrpc: '2.0', id: state.sent + 1, method: 'ping', connection_id });
    assert.equal(answer.status, 200, answer.text);
    state.sent++;
    state.longest = Math.max(state.longest, performance.now() - began);
  }
}

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy}: ${UPGRADES} upgrades under ${STREAMS} streams, a publisher and ${CALLERS} callers`, { skip: lacks(proxy) }, async (t) => {
    const config = (all) => {
      all.limits = { max_streams: 100000, max_resumable: 100000 };
      return all;
    };
    const site = await startSite(t, { proxy, config });
    const stream = await openStream(`${site.mcp}/sse`);
    const crowd = new Crowd();
    t.after(() => crowd.close());
    await crowd.open(site, STREAMS);
    const broker = site.pidOf('broker');
    const workers = [site.pidOf('worker 1'), site.pidOf('worker 2')];
    const state = { running: true, served: 0, failed: [], sent: 0, longest: 0 };
    const busy = [publisher(site, stream, state), ...Array.from({ length: CALLERS }, () => caller(site, state))];

    for (let n = 0; n < UPGRADES; n++) {
      const goal = state.sent + 5;
      const done = await upgrade(site);
      assert.equal(done.status, 0, done.err);
      assert.equal(done.out, `the broker has ${STREAMS + 1} streams; 2 workers replaced\n`);
      await until('events go on', () => state.sent >= goal);
    }
    state.running = false;
    await Promise.all(busy);

    assert.deepEqual(state.failed, []);
    assert.ok(state.served > UPGRADES);
    assert.equal(crowd.ended, 0, 'a stream was dropped');
    assert.equal(stream.events.over, null);
    await until('the last event is here', () => stream.events.all.filter((one) => one.event === 'mcp_response').length === state.sent);
    const events = stream.events.all.filter((one) => one.event === 'mcp_response');
    assert.deepEqual(events.map((one) => JSON.parse(one.data).id), Array.from({ length: state.sent }, (_, n) => n + 1));
    assert.deepEqual(events.map((one) => Number(one.id.split('.')[1])), Array.from({ length: state.sent }, (_, n) => n + 1));
    const pauses = [...site.stderr.matchAll(/nobody was served for (\d+) ms/g)].map(([, ms]) => Number(ms));
    assert.equal(pauses.length, UPGRADES);
    t.diagnostic(`${state.served} calls, ${state.sent} events; pauses of ${pauses.join(', ')} ms; the longest answer took ${state.longest.toFixed(0)} ms`);
    assert.equal(site.pidOf('broker'), broker);
    await until('the first workers have ended', () => !workers.some(runs));
    assert.equal((await post(site.mcp, { jsonrpc: '2.0', id: 1, method: 'ping' })).status, 200);
  });
}

test('the supervisor knows who is in whose place, and starts that one again', async (t) => {
  const site = await startSite(t, { proxy: null });
  process.kill(site.pid, 'SIGUSR2');
  const [, pid] = await site.waitStderr(/worker 1 is process (\d+) now/);
  await site.waitStderr(/worker 2 is process (\d+) now/);
  await site.waitStderr(/upgraded, with 0 streams/);
  const from = site.stderr.length;
  process.kill(Number(pid), 'SIGKILL');
  await site.waitStderr(/worker 1 ended \(signal 9\)/, 10000, from);
  await site.waitStderr(/worker 1 is process \d+$/m, 10000, from);
});

// A site whose one worker was replaced, and still has a call to answer.
// -> { site, first, heir: the processes' numbers, go: the file it waits for }
async function replacedAtWork(t) {
  const config = (all) => {
    all.plugins = [path.join(bin, 'tests/conversation/fixture/fixture.so')];
    return all;
  };
  const site = await startSite(t, { proxy: null, workers: 1, config });
  const begun = path.join(site.dir, 'begun');
  const go = path.join(site.dir, 'go');
  const connection = await FcgiConnection.open(path.join(site.dir, 'worker.sock'));
  const hold = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hold', arguments: { begun, until: go } } };
  connection.post('/mcp', hold).answer.catch(() => {}); // it may be cut off
  await until('the call has begun', () => fs.existsSync(begun));
  const first = site.pidOf('worker 1');
  t.after(() => {
    for (const pid of [first, heir]) if (runs(pid)) process.kill(pid, 'SIGKILL');
    return connection.close();
  });
  process.kill(site.pid, 'SIGUSR2');
  const heir = Number((await site.waitStderr(/worker 1 is process (\d+) now/))[1]);
  return { site, first, heir, go };
}

test('who is in another\'s place and dies is missed at once, though that one has a call to answer', async (t) => {
  const { site, first, heir } = await replacedAtWork(t);
  const from = site.stderr.length;
  process.kill(heir, 'SIGKILL');
  await site.waitStderr(/worker 1 is process \d+$/m, 10000, from);
  assert.ok(runs(first));
  assert.ok(!fs.existsSync(`/proc/${heir}`), 'it is buried');
});

test('the supervisor is killed while a worker that was replaced has a call to answer: both end', async (t) => {
  const { site, first, heir, go } = await replacedAtWork(t);
  process.kill(site.pid, 'SIGKILL');
  await until('who took its place has ended', () => !runs(heir));
  fs.writeFileSync(go, '');
  await until('the first has ended', () => !runs(first), 20000);
});

// Clients that vanish without a word: the cable is pulled, nobody sends FIN.
//
// What they were sent and do not acknowledge is sent again, for as long as the
// kernel of the site says: net.ipv4.tcp_retries2 is 15 by default, and then nginx
// and Apache are told after a quarter of an hour (measured: 936 and 947 s), until
// when the stream is held, and behind Apache a thread too; with 8 it is 115 s. The
// broker, where clients reach it directly, has set itself three minutes (185 s).
// so_keepalive counts only while nothing waits for its acknowledgement, so with
// a comment every 15 s it does not come first (so_keepalive=5s:3s:2: 936 s).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FcgiConnection } from '../lib/fcgi.mjs';
import { request } from '../lib/http.mjs';
import { lacksNetworks, makeCable } from '../lib/netns.mjs';
import { findProgram, lacks, startSite, top } from '../lib/site.mjs';
import { SseParser } from '../lib/sse.mjs';
import { startStack, until } from '../lib/stack.mjs';
import { forRounds, minutes, timeout } from './rounds.mjs';

const PORT = 8080; // of a network that the test has for itself
const RETRIES = 3; // of a segment, instead of 15
const curl = findProgram('curl');
const why = (proxy) => lacksNetworks() || (curl ? false : 'curl is not installed') || (proxy ? lacks(proxy) : false);

// The shipped files, listening at the site's end of the cable; listen: more
// words of nginx's.
function startCabled(t, cable, proxy, { limits = {}, listen = '' } = {}) {
  const command = (site) => {
    const args = [proxy, String(PORT), site.dir];
    const words = execFileSync(path.join(top, 'proxy-configs/make-site'), args, { encoding: 'utf8' });
    const file = path.join(site.dir, `${proxy}.conf`);
    const text = fs.readFileSync(file, 'utf8').replace(`127.0.0.1:${PORT}`, `${cable.address}:${PORT}`);
    fs.writeFileSync(file, text.replace(' backlog=4096;', ` backlog=4096 ${listen};`));
    site.mcp = { socketPath: site.brokerSocket, path: '/mcp' }; // what can be asked from here
    return [...cable.site.inside, ...words.trimEnd().split('\n')];
  };
  const config = (all) => void (all.limits = { ...all.limits, ...limits });
  return startSite(t, { proxy: command, probe: false, config, workers: 1 });
}

// A reader at the client's end. -> { id, events, until(predicate) }
function read(t, cable, { lastEventId, at = '/mcp/sse' } = {}) {
  const words = [curl, '--silent', '--no-buffer', '--http1.1', '--retry', '50', '--retry-connrefused', '--retry-delay', '0'];
  words.push('--retry-max-time', '20', '--header', 'Accept: text/event-stream');
  if (lastEventId) words.push('--header', `Last-Event-ID: ${lastEventId}`);
  const child = cable.client.start(t, [...words, '--header', 'Host: localhost', `http://${cable.address}:${PORT}${at}`]);
  const parser = new SseParser();
  const events = [];
  child.stdout.on('data', (bytes) => events.push(...parser.feed(bytes)));
  return {
    events,
    close: () => (child.kill('SIGTERM'), child.exited),
    next: (name) => until(`the event ${name}`, () => events.find((one) => one.event === name)),
  };
}

async function greeted(t, cable, options) {
  const reader = read(t, cable, options);
  reader.id = JSON.parse((await reader.next('connected')).data).connection_id;
  return reader;
}

const openAt = async (adminSocket) => (await request({ socketPath: adminSocket, path: '/status' })).json.streams.open;

// What it takes until the broker has heard of it, in ms.
async function noticed(adminSocket, began, patience) {
  await until('the broker is told', async () => (await openAt(adminSocket)) === 0, patience);
  return Math.round(performance.now() - began);
}

async function say(site, id, n) {
  const worker = await FcgiConnection.open(site.workerSocket);
  const answer = await worker.post('/mcp/sse/message', { jsonrpc: '2.0', id: n, method: 'ping', connection_id: id }).answer;
  await worker.close();
  assert.equal(answer.status, 200, answer.text);
}

const answers = (reader) => reader.events.filter((one) => one.event === 'mcp_response').map((one) => JSON.parse(one.data).id);

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy}: a client vanishes: the stream ends when the kernel has tried often enough, and who returns misses nothing`, { skip: why(proxy), timeout }, async (t) => {
    const cable = await makeCable(t);
    cable.site.set('tcp_retries2', RETRIES);
    const site = await startCabled(t, cable, proxy, { limits: { comment_ms: 500, heartbeat_ms: 500 } });
    await forRounds(1, async () => {
      const reader = await greeted(t, cable);
      await say(site, reader.id, 1);
      await until('it has the first', () => answers(reader).includes(1));
      const { id: last } = reader.events.findLast((one) => one.id);
      cable.pull();
      const began = performance.now();
      for (const n of [2, 3]) await say(site, reader.id, n); // acknowledged, and on their way for ever
      const took = await noticed(site.adminSocket, began, 60000);
      t.diagnostic(`with tcp_retries2=${RETRIES} it took ${took} ms`);
      await say(site, reader.id, 4);
      cable.plug();
      const again = await greeted(t, cable, { lastEventId: last });
      assert.equal(again.id, reader.id);
      await until('it has the rest', () => answers(again).length >= 3);
      assert.deepEqual(answers(again), [2, 3, 4]);
      await again.close();
    });
  });

  test(`${proxy}: a client vanishes and returns before anybody has noticed: it takes its stream over`, { skip: why(proxy), timeout }, async (t) => {
    const cable = await makeCable(t);
    // Apache sees that a reader has left when it writes next
    const site = await startCabled(t, cable, proxy, { limits: { comment_ms: 500, heartbeat_ms: 500 } });
    await forRounds(1, async () => {
      const reader = await greeted(t, cable);
      const { id: last } = await reader.next('connected');
      cable.pull();
      for (const n of [1, 2]) await say(site, reader.id, n);
      cable.plug();
      const again = await greeted(t, cable, { lastEventId: last });
      assert.equal(again.id, reader.id);
      await until('it has all', () => answers(again).length >= 2);
      assert.deepEqual(answers(again), [1, 2]);
      assert.equal(await openAt(site.adminSocket), 1, 'the old one is there too');
      await again.close();
      await reader.close();
      await until('it is closed', async () => (await openAt(site.adminSocket)) === 0, 30000);
    });
  });
}

test('nginx with so_keepalive: a client vanishes while nothing is written: noticed when the probes are over', { skip: why('nginx'), timeout }, async (t) => {
  const cable = await makeCable(t);
  const limits = { comment_ms: 3600000, heartbeat_ms: 3600000 };
  const site = await startCabled(t, cable, 'nginx', { limits, listen: 'so_keepalive=1s:1s:2' });
  await forRounds(1, async () => {
    await greeted(t, cable);
    cable.pull();
    const took = await noticed(site.adminSocket, performance.now(), 20000);
    t.diagnostic(`with so_keepalive=1s:1s:2 it took ${took} ms`);
    cable.plug();
  });
});

// Three minutes: in the longer form alone.
if (minutes > 0) {
  test('the broker itself: a client vanishes: noticed after three minutes', { skip: why(), timeout: timeout + 300000 }, async (t) => {
    const cable = await makeCable(t);
    const stack = await startStack(t, { workers: 0, broker: { http: `${cable.address}:${PORT}`, wrap: cable.site.inside } });
    await greeted(t, cable);
    cable.pull();
    const took = await noticed(stack.adminSocket, performance.now(), 300000);
    t.diagnostic(`it took ${took} ms`);
    assert.ok(took > 170000 && took < 260000, `${took} ms`);
  });
}

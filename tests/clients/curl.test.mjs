// I am a person with curl: no handshake, no session, no headers but curl's own.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { test } from 'node:test';
import { findProgram, lacks, startSite } from '../lib/site.mjs';
import { SseParser } from '../lib/sse.mjs';

const CURL = findProgram('curl');
const COMMON = ['-sS', '--noproxy', '*', '--max-time', '20'];
const JSON_TYPE = ['-H', 'Content-Type: application/json'];

// -> { status, type, redirects, text, json }
function curl(...args) {
  const out = '\n%{http_code} %{num_redirects} %{content_type}';
  return new Promise((resolve, reject) => {
    execFile(CURL, [...COMMON, '-w', out, ...args], (error, stdout, stderr) => {
      if (error) return reject(new Error(`curl: ${stderr}`));
      const [, text, status, redirects, type] = /^([\s\S]*)\n(\d+) (\d+) (.*)$/.exec(stdout);
      let json;
      try {
        json = JSON.parse(text);
      } catch {
        // not JSON: the caller looks at text
      }
      resolve({ status: Number(status), redirects: Number(redirects), type, text, json });
    });
  });
}

const rpc = (method, params, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const FIND = rpc('tools/call', { name: 'get_client', arguments: { email: 'test@example.com' } });

function assertFound(answer) {
  assert.equal(answer.status, 200);
  assert.equal(answer.type, 'application/json');
  assert.equal(answer.json.id, 1);
  assert.equal(JSON.parse(answer.json.result.content[0].text).name, 'Test Client');
}

// The first events of a stream, until one is called name.
function listen(t, url, name, ...args) {
  const child = spawn(CURL, [...COMMON, '--max-time', '10', '-N', ...args, url]);
  const parser = new SseParser();
  const events = [];
  t.after(() => child.kill());
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (bytes) => {
      events.push(...parser.feed(bytes));
      if (events.some(({ event }) => event === name)) resolve(events);
    });
    child.on('close', () => reject(new Error(`no ${name} in ${JSON.stringify(events)}`)));
  });
}

const tests = {
  'calls a tool with one POST': async (t, site) => {
    assertFound(await curl(...JSON_TYPE, '-d', FIND, site.mcp));
  },

  'calls it at the address with a slash, without a redirect': async (t, site) => {
    const answer = await curl('-L', ...JSON_TYPE, '-d', FIND, `${site.mcp}/`);
    assertFound(answer);
    assert.equal(answer.redirects, 0);
  },

  'calls it with a chunked body, and over HTTP/1.0': async (t, site) => {
    assertFound(await curl('-H', 'Transfer-Encoding: chunked', ...JSON_TYPE, '-d', FIND, site.mcp));
    assertFound(await curl('--http1.0', ...JSON_TYPE, '-d', FIND, site.mcp));
  },

  'sends a body that waits for 100 Continue': async (t, site) => {
    const big = FIND.replace('"email"', `"note":"${'x'.repeat(100000)}","email"`);
    assertFound(await curl('-H', 'Expect: 100-continue', ...JSON_TYPE, '-d', big, site.mcp));
  },

  'asks for what it likes': async (t, site) => {
    const list = await curl(...JSON_TYPE, '-d', rpc('tools/list'), site.mcp);
    assert.equal(list.json.result.tools[0].name, 'get_client');
    const ping = await curl(...JSON_TYPE, '-d', rpc('ping', undefined, 'x'), site.mcp);
    assert.deepEqual(ping.json, { jsonrpc: '2.0', result: {}, id: 'x' });
  },

  'has a notification accepted, with nothing to read': async (t, site) => {
    const note = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const answer = await curl(...JSON_TYPE, '-d', note, site.mcp);
    assert.equal(answer.status, 202);
    assert.equal(answer.text, '');
  },

  'mistypes, and reads why': async (t, site) => {
    const broken = await curl(...JSON_TYPE, '-d', '{"jsonrpc":', site.mcp);
    assert.equal(broken.status, 400);
    assert.equal(broken.json.error.code, -32700);
    assert.equal(broken.json.id, null);
    const unknown = await curl(...JSON_TYPE, '-d', rpc('tools/cal'), site.mcp);
    assert.equal(unknown.json.error.code, -32601);
    assert.equal(unknown.json.id, 1);
  },

  'asks whether it lives': async (t, site) => {
    const answer = await curl(site.mcp);
    assert.equal(answer.status, 200);
    assert.equal(answer.json.status, 'ok');
    assert.equal(answer.json.broker, 'reachable');
    const head = await curl('--head', site.mcp);
    assert.equal(head.status, 200);
  },

  'listens, and is not compressed': async (t, site) => {
    const events = await listen(t, `${site.mcp}/sse`, 'heartbeat', '-H', 'Accept-Encoding: gzip, br');
    assert.deepEqual(
      events.filter(({ event }) => event).map(({ event }) => event),
      ['endpoint', 'connected', 'heartbeat'],
    );
    assert.match(events[0].data, /^\/mcp\/sse\/message\?connection_id=[0-9a-f-]{36}$/);
  },
};

for (const proxy of ['nginx', 'apache']) {
  const skip = lacks(proxy) || (CURL ? false : 'curl is not installed');
  test(`through ${proxy}`, { skip, concurrency: true }, async (t) => {
    const site = await startSite(t, { proxy });
    const all = Object.entries(tests);
    await Promise.all(all.map(([sentence, run]) => t.test(`a person with curl ${sentence}`, (t) => run(t, site))));
  });
}

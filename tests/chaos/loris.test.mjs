// Clients that drip: heads and bodies, at every door. Each is cut off in its
// time, and everybody else is served as if they were not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, rpc } from '../lib/http.mjs';
import { lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { RawSocket, startStack } from '../lib/stack.mjs';
import { forRounds, timeout } from './rounds.mjs';

const URI = { uri: '/mcp/sse/message' };
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const SLOW = 100; // clients that drip at once
const SLOW_BEHIND = 40; // of each of three kinds: less than one of Apache's processes has threads
const DRIP_MS = 200; // between two bytes of each

// all: what it says at once; bytes: what it goes on with, one by one, for ever.
async function drip(t, target, { all = '', bytes }) {
  const raw = await RawSocket.open(target);
  let at = 0;
  raw.write(all);
  const timer = setInterval(() => raw.write(bytes[at++ % bytes.length]), DRIP_MS);
  raw.closed.then(() => {
    raw.over = true;
    clearInterval(timer);
  });
  t.after(() => raw.close());
  return raw;
}

const crowd = (t, target, what, n = SLOW) => Promise.all(Array.from({ length: n }, () => drip(t, target, what)));

// While they drip: everybody else is served, and soon.
async function assertServed(serve, slow) {
  let longest = 0;
  for (let n = 0; n < 50; n++) {
    const began = performance.now();
    await serve(n);
    longest = Math.max(longest, performance.now() - began);
  }
  assert.ok(slow.some((one) => !one.over), 'the slow ones were gone already');
  assert.ok(longest < 3000, `somebody waited for ${longest} ms`);
  return longest;
}

// -> in which time all were cut off
async function cutOff(slow, began) {
  await Promise.all(slow.map((one) => one.closed));
  return performance.now() - began;
}

// --- directly --------------------------------------------------------------------

test("heads that drip at the broker's door: 408 after ten seconds, streams open meanwhile", { timeout }, async (t) => {
  const stack = await startStack(t);
  await forRounds(1, async () => {
    const began = performance.now();
    const slow = await crowd(t, stack.brokerSocket, { all: 'GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\n', bytes: 'X-A: b\r\n' });
    await assertServed(async (n) => {
      const stream = await stack.greeted();
      assert.equal((await stack.say(0, { ...ping(n), connection_id: stream.id }, URI)).status, 200);
      assert.equal((await stream.next('mcp_response')).json.id, n);
      await stream.close();
    }, slow);
    const took = await cutOff(slow, began);
    assert.ok(took > 9000 && took < 14000, `${took} ms`);
    for (const one of slow) assert.match(one.text, /^HTTP\/1\.1 408 /);
  });
});

test("bodies that drip at the broker's door: cut off after body_ms, streams open meanwhile", { timeout }, async (t) => {
  const stack = await startStack(t, { limits: { body_ms: 2000 } });
  const head =
    'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n' +
    'Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n\r\n{';
  await forRounds(1, async () => {
    const began = performance.now();
    const slow = await crowd(t, stack.brokerSocket, { all: head, bytes: ' ' });
    await assertServed(async () => {
      const stream = await stack.greeted();
      await stream.close();
    }, slow);
    const took = await cutOff(slow, began);
    t.diagnostic(`all were cut off after ${Math.round(took)} ms with ${JSON.stringify(slow[0].text.split('\r\n')[0])}`);
    assert.ok(took > 1900 && took < 12000, `${took} ms`);
    for (const one of slow) assert.match(one.text, /^HTTP\/1\.1 4\d\d /);
  });
});

const record = (type, content) => Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content]);
const BEGIN = record(1, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0]));
const NONE = Buffer.alloc(0);
const PARAMS = Buffer.from('\x0e\x04REQUEST_METHODPOST\x0b\x04REQUEST_URI/mcp', 'latin1');

// A thread reads each of them, so the web server's own spool is what protects
// workers; a peer that drips all the same holds a thread for body_ms.
test("FastCGI peers that drip, one less than the worker's threads: the last thread serves everybody else", { timeout }, async (t) => {
  const threads = 6;
  const stack = await startStack(t, { threads, limits: { body_ms: 3000 } });
  await forRounds(1, async () => {
    const began = performance.now();
    const begun = Buffer.concat([BEGIN, record(4, PARAMS), record(4, NONE), Buffer.from([1, 5, 0, 1, 3, 232, 0, 0])]);
    const { socket } = stack.workers[0];
    const slow = await Promise.all(
      Array.from({ length: threads - 1 }, (_, n) =>
        drip(t, socket, n % 2 ? { all: begun, bytes: ' ' } : { all: BEGIN, bytes: '\x01' }),
      ),
    );
    await assertServed(async (n) => assert.equal((await stack.say(0, ping(n))).status, 200), slow);
    const took = await cutOff(slow, began);
    assert.ok(took < 8000, `${took} ms`);
  });
});

// --- behind web servers ------------------------------------------------------------

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy}: heads and bodies that drip reach neither worker nor broker: calls and streams are served`, { skip: lacks(proxy), timeout }, async (t) => {
    const site = await startSite(t, { proxy, workers: 1, threads: 4 });
    const target = { host: '127.0.0.1', port: site.port };
    // once: Apache takes its time to give up those who left in the middle
    const heads = await crowd(t, target, { all: 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n', bytes: 'X-A: b\r\n' }, SLOW_BEHIND);
    const bodyOf = (path) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`;
    const bodies = await crowd(t, target, { all: bodyOf('/mcp'), bytes: ' ' }, SLOW_BEHIND);
    const messages = await crowd(t, target, { all: bodyOf('/mcp/sse/message'), bytes: ' ' }, SLOW_BEHIND);
    const slow = [...heads, ...bodies, ...messages];
    const longest = await assertServed(async (n) => {
      const stream = await openStream(`${site.mcp}/sse`);
      const { connection_id } = (await stream.next('connected')).json;
      assert.equal((await post(`${site.mcp}/sse/message`, { ...ping(n), connection_id })).status, 200);
      assert.equal((await stream.next('mcp_response')).json.id, n);
      assert.equal((await rpc(site.mcp, 'tools/call', { name: 'count_clients' })).status, 200);
      await stream.close();
    }, slow);
    t.diagnostic(`with ${slow.length} that drip, the slowest of 50 others took ${Math.round(longest)} ms`);
    assert.ok(slow.every((one) => !one.over || one.text), 'some were cut off without a word');
    await Promise.all(slow.map((one) => one.close()));
  });
}

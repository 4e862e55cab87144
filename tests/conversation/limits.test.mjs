// Who takes too much or too long is refused or cut off, and nobody else notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeParams, paramsOf } from '../lib/fcgi.mjs';
import { startStack, until } from '../lib/stack.mjs';

const URI = { uri: '/mcp/sse/message' };
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const closed = (stack, reason) => stack.metric(`mcp_broker_streams_closed_total{reason="${reason}"}`);

// A tool whose answer has so many bytes.
const largeTool = (bytes) => ({
  name: 'large',
  description: 'x',
  sql: {
    database: 'crm',
    query: `SELECT printf('%.*c', ${bytes}, 'x')`,
    result: 'value',
    max_bytes: bytes + 1000,
  },
});
const large = (id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'large' } });

// --- streams -----------------------------------------------------------------------

test('beyond max_streams: 503 with Retry-After, until one is closed', async (t) => {
  const stack = await startStack(t, { limits: { max_streams: 3 } });
  const session = await stack.initialize(0);
  const streams = [];
  for (let n = 0; n < 3; n++) streams.push(await stack.greeted());

  const refused = await stack.stream();
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  await refused.ended;
  assert.deepEqual(Object.keys(JSON.parse(refused.text)), ['error', 'timestamp']);

  const headers = { Accept: 'text/event-stream', 'Mcp-Session-Id': session };
  const own = await stack.stream({ path: '/mcp', headers });
  assert.equal(own.status, 503);
  await own.ended;
  assert.equal(JSON.parse(own.text).error.code, -31999);

  await streams[0].close();
  await until('there is room', async () => (await stack.stream()).status === 200);
  for (const one of streams.slice(1)) assert.equal(one.events.over, null);
});

test('beyond max_streams_per_address: 429 for that address alone', async (t) => {
  const stack = await startStack(t, { limits: { max_streams_per_address: 2 } });
  const first = await stack.greeted({ address: '192.0.2.1' });
  await stack.greeted({ address: '192.0.2.1' });
  const refused = await stack.stream({ address: '192.0.2.1' });
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  assert.equal((await stack.stream({ address: '192.0.2.2' })).status, 200);
  assert.equal((await stack.stream({ address: '2001:db8::1' })).status, 200);
  await first.close();
  await until('there is room', async () => (await stack.stream({ address: '192.0.2.1' })).status === 200);
});

test('a stream that is refused for the quota can be come back to all the same', async (t) => {
  const stack = await startStack(t, { limits: { max_streams: 1 } });
  const first = await stack.greeted();
  await first.close();
  await until('it is parked', async () => (await stack.status()).streams.parked === 1);
  const other = await stack.greeted();
  const headers = { 'Last-Event-ID': `${first.id}.0` };
  assert.equal((await stack.stream({ headers })).status, 503);
  await stack.say(0, { ...ping(1), connection_id: first.id }, URI);
  await other.close();
  await until('there is room', async () => (await stack.status()).streams.open === 0);
  const again = await stack.greeted({ headers });
  assert.equal(again.id, first.id);
  assert.equal((await again.next('mcp_response')).json.id, 1);
});

test('beyond max_calls_per_stream: 429, in the dialect of each', async (t) => {
  const slow = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const stack = await startStack(t, {
    limits: { max_calls_per_stream: 2 },
    change: (config) => {
      config.tools.push({ name: 'slow', description: 'x', sql: { database: 'crm', query: slow, timeout_ms: 400 } });
    },
  });
  const stream = await stack.greeted();
  for (const id of [1, 2]) {
    const message = { jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'slow' } };
    assert.equal((await stack.say(0, message, { uri: stream.endpoint })).status, 202);
  }
  const official = await stack.say(0, ping(3), { uri: stream.endpoint });
  assert.equal(official.status, 429);
  assert.equal(official.json.error.code, -31999);
  assert.equal(official.json.id, 3);
  const seed = await stack.say(0, { ...ping(4), connection_id: stream.id }, URI);
  assert.equal(seed.status, 429);
  assert.deepEqual(Object.keys(seed.json), ['error', 'timestamp']);
  const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
  assert.equal((await stack.say(0, note, { uri: stream.endpoint })).status, 202, 'a notification owes no answer');

  const answered = [];
  for (let n = 0; n < 2; n++) answered.push((await stream.next('message')).json.id);
  assert.deepEqual(answered.toSorted(), [1, 2]);
  assert.equal((await stack.say(0, ping(5), { uri: stream.endpoint })).status, 202);
  assert.equal((await stream.next('message')).json.id, 5);
});

// --- slow readers --------------------------------------------------------------------

// A stream that was greeted and is never read again.
async function sleeper(stack) {
  const raw = await stack.raw(stack.brokerSocket);
  raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await raw.until(/event: heartbeat/);
  raw.pause();
  raw.id = /connection_id=([0-9a-f-]{36})/.exec(raw.text)[1];
  return raw;
}

test('a reader that sleeps is cut off at its outbox cap, while another stream goes on', async (t) => {
  const stack = await startStack(t, {
    limits: { max_outbox: 262144, replay_bytes: 1048576, comment_ms: 3600000 },
    change: (config) => void config.tools.push(largeTool(50000)),
  });
  const awake = await stack.greeted();
  const asleep = await sleeper(stack);
  const before = stack.broker.privateBytes;
  let sent = 0;
  while ((await closed(stack, 'over_quota')) === 0) {
    assert.ok(sent < 100, 'it was never cut off');
    await stack.say(0, { ...large(sent++), connection_id: asleep.id }, URI);
    await stack.say(0, { ...ping(sent), connection_id: awake.id }, URI);
    assert.equal((await awake.next('mcp_response')).json.id, sent);
  }
  assert.ok(sent * 50000 > 262144, 'not before the cap');
  if (!stack.broker.isSanitized) {
    const grown = stack.broker.privateBytes - before;
    assert.ok(grown < 4 * 262144 + 1048576, `the broker has grown by ${grown} bytes`);
  }
  assert.equal(awake.events.over, null);

  // it wakes up, finds the end, and resumes
  asleep.resume();
  await asleep.closed;
  const last = [...asleep.text.matchAll(/^id: (.*)$/gm)].at(-1)[1];
  const again = await stack.greeted({ headers: { 'Last-Event-ID': last } });
  assert.equal(again.id, asleep.id);
  assert.equal((await again.next('connected')).json.resumed, true);
  assert.match((await again.next('mcp_response')).json.result.content[0].text, /^x{50000}$/);
});

test('an event larger than the outbox is taken by a reader that is awake', async (t) => {
  const stack = await startStack(t, {
    limits: { max_outbox: 1000 },
    change: (config) => void config.tools.push(largeTool(1000000)),
  });
  const stream = await stack.greeted();
  const answer = await stack.say(0, { ...large(1), connection_id: stream.id }, URI);
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await stream.next('mcp_response')).json.result.content[0].text.length, 1000000);
});

test('an event beyond max_event becomes an error that says so', async (t) => {
  const stack = await startStack(t, {
    limits: { max_event: 10000 },
    change: (config) => void config.tools.push(largeTool(20000)),
  });
  const stream = await stack.greeted();
  await stack.say(0, large('large'), { uri: stream.endpoint });
  await stack.say(0, ping('next'), { uri: stream.endpoint });
  const ids = new Set();
  while (!ids.has('large')) {
    const { json } = await stream.next('message');
    ids.add(json.id);
    if (json.id === 'large') assert.equal(json.error.code, -32603);
  }
});

test('a reader that takes nothing is cut off though it is below its cap', async (t) => {
  const stack = await startStack(t, {
    limits: { comment_ms: 50, heartbeat_ms: 3600000 },
    change: (config) => void config.tools.push(largeTool(300000)),
  });
  const asleep = await sleeper(stack);
  for (let n = 0; n < 3; n++) await stack.say(0, { ...large(n), connection_id: asleep.id }, URI);
  await until('it is given up', async () => (await closed(stack, 'stalled')) === 1);
  asleep.resume();
  await asleep.closed;
});

// --- slow writers ----------------------------------------------------------------------

// Bytes, one after the other, at a pace that never seems idle.
async function drip(raw, bytes, pace = 20) {
  let closed = false;
  raw.closed.then(() => (closed = true));
  for (const byte of bytes) {
    if (closed) return;
    raw.write(Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, pace));
  }
}

const record = (type, content) => {
  const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
};
const BEGIN = record(1, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0]));
const NONE = Buffer.alloc(0);

test('a FastCGI peer that drips is cut off after body_ms, in its head and in its body', async (t) => {
  const stack = await startStack(t, { threads: 3, limits: { body_ms: 300 } });
  const params = Buffer.from('\x0e\x04REQUEST_METHODPOST\x0b\x04REQUEST_URI/mcp', 'latin1');
  const inHead = Buffer.concat([BEGIN, record(4, Buffer.alloc(1000))]);
  const inBody = record(5, Buffer.alloc(1000, ' '));
  const slow = await Promise.all(Array.from({ length: 4 }, () => stack.raw(stack.workers[0].socket)));
  const began = performance.now();
  for (const raw of slow.slice(2)) raw.write(Buffer.concat([BEGIN, record(4, params), record(4, NONE)]));
  const dripping = slow.map((raw, n) => drip(raw, n < 2 ? inHead : inBody));
  await Promise.all(slow.map((raw) => raw.closed));
  const took = performance.now() - began;
  // 3 threads for 4 of them: the last one may have begun when another ended
  assert.ok(took >= 290 && took < 3000, `${took} ms`);
  await Promise.all(dripping);
  assert.equal((await stack.say(0, ping(1))).status, 200);
});

test('a FastCGI peer that stops in the middle is cut off too', async (t) => {
  const stack = await startStack(t, { threads: 3, limits: { body_ms: 200 } });
  const stuck = await stack.raw(stack.workers[0].socket);
  stuck.write(BEGIN.subarray(0, 12));
  const body = await stack.connect();
  const answer = body.request('POST', '/mcp', { params: { CONTENT_LENGTH: 100 }, body: 'x' }).answer;
  assert.equal((await answer).status, 400);
  await stuck.closed;
});

test('half bodies hold no thread, and are served when they are whole', async (t) => {
  const stack = await startStack(t, { threads: 3 });
  const text = JSON.stringify(ping(7));
  const params = encodeParams(paramsOf('POST', '/mcp', {}, text.length));
  const start = Buffer.concat([BEGIN, record(4, params), record(4, NONE), record(5, Buffer.from(text.slice(0, 9)))]);
  const rest = Buffer.concat([record(5, Buffer.from(text.slice(9))), record(5, NONE)]);
  const halves = await Promise.all(Array.from({ length: 12 }, () => stack.raw(stack.workers[0].socket)));
  for (const raw of halves) raw.write(start);

  for (let i = 0; i < 3; i++) assert.equal((await stack.say(0, ping(i))).status, 200);

  // byte by byte or at once, it comes together
  for (const [n, raw] of halves.entries()) {
    if (n % 2) raw.write(rest);
    else for (const byte of rest) raw.write(Buffer.from([byte]));
  }
  for (const raw of halves) await until('its answer is there', () => raw.text.includes('"id":7'));
  for (const raw of halves) assert.match(raw.text, /Status: 200/);
});

test('who is between two requests is not cut off', async (t) => {
  const stack = await startStack(t, { limits: { body_ms: 50 } });
  const idle = await stack.connect();
  const kept = await stack.connect();
  assert.equal((await kept.post('/mcp', ping(1)).answer).status, 200);
  const stuck = await stack.raw(stack.workers[0].socket);
  stuck.write(BEGIN.subarray(0, 3));
  await stuck.closed; // several times body_ms may have passed
  assert.equal((await kept.post('/mcp', ping(2)).answer).status, 200);
  assert.equal((await idle.post('/mcp', ping(3)).answer).status, 200);
});

// Last-Event-ID: a reader that comes back in time misses nothing.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack, until } from '../lib/stack.mjs';

const URI = { uri: '/mcp/sse/message' };
const stack = await startStack({ after }, { limits: { replay_events: 5 } });

const post = (id, n, on = stack, options = {}) =>
  on.say(0, { jsonrpc: '2.0', id: n, method: 'ping', connection_id: id }, { ...URI, ...options });

async function assertSent(promise) {
  const answer = await promise;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.status, 'sent');
}

// Gone, and the broker has seen it.
async function leave(stream, on = stack) {
  const { open } = (await on.status()).streams;
  await stream.close();
  await until('the broker has parked it', async () => (await on.status()).streams.open < open);
}

const comeBack = (lastEventId, { on = stack, headers = {}, ...more } = {}) =>
  on.greeted({ ...more, headers: { 'Last-Event-ID': lastEventId, ...headers } });

const connected = async (stream) => (await stream.next('connected')).json;

test('what was missed is sent again, in order, on the same connection_id', async () => {
  const first = await stack.greeted();
  await assertSent(post(first.id, 1));
  const { id: last } = await first.next('mcp_response');
  await leave(first);
  await assertSent(post(first.id, 2));
  await assertSent(post(first.id, 3));

  const second = await comeBack(last);
  assert.equal(second.id, first.id);
  const greeting = await second.next('connected');
  assert.equal(greeting.json.connection_id, first.id);
  assert.equal(greeting.json.resumed, true);
  assert.equal(greeting.json.missed, undefined);
  assert.equal(greeting.id, last);
  for (const n of [2, 3]) {
    const event = await second.next('mcp_response');
    assert.equal(event.id, `${first.id}.${n}`);
    assert.equal(event.json.id, n);
  }
  await assertSent(post(first.id, 4));
  assert.equal((await second.next('mcp_response')).id, `${first.id}.4`);
});

test('the id of connected is one to come back with', async () => {
  const first = await stack.greeted();
  const { id: last } = await first.next('connected');
  assert.equal(last, `${first.id}.0`);
  await leave(first);
  await assertSent(post(first.id, 1));
  const second = await comeBack(last);
  assert.equal((await connected(second)).resumed, true);
  assert.equal((await second.next('mcp_response')).json.id, 1);
});

test('who saw everything gets nothing twice', async () => {
  const first = await stack.greeted();
  for (const n of [1, 2]) await assertSent(post(first.id, n));
  await first.next('mcp_response');
  const { id: last } = await first.next('mcp_response');
  await leave(first);
  const second = await comeBack(last);
  await second.next('heartbeat');
  await assertSent(post(first.id, 3));
  assert.equal((await second.next('mcp_response')).json.id, 3);
});

test('what the ring no longer holds is counted as missed', async () => {
  const first = await stack.greeted();
  await leave(first);
  for (let n = 1; n <= 8; n++) await assertSent(post(first.id, n));
  const second = await comeBack(`${first.id}.0`);
  const greeting = await connected(second);
  assert.equal(greeting.resumed, true);
  assert.equal(greeting.missed, 3);
  for (let n = 4; n <= 8; n++) assert.equal((await second.next('mcp_response')).json.id, n);
});

test('an id that is unknown, of the future or no id at all begins a fresh stream', async () => {
  const known = await stack.greeted();
  for (const last of ['00000000-0000-4000-8000-000000000000.1', `${known.id}.1`, `${known.id}.x`, `${known.id}`, `${known.id}.-1`, '1', 'x', '.', '']) {
    const stream = await comeBack(last);
    assert.notEqual(stream.id, known.id, last);
    const greeting = await stream.next('connected');
    assert.equal(greeting.json.resumed, undefined, last);
    assert.equal(greeting.id, `${stream.id}.0`);
  }
  await assertSent(post(known.id, 1));
  assert.equal((await known.next('mcp_response')).json.id, 1, 'the known one is as it was');
});

test("another subject's id begins a fresh stream and shows nothing", async () => {
  const hers = await stack.greeted({ user: 'alice' });
  await leave(hers);
  await assertSent(post(hers.id, 1, stack, { user: 'alice' }));
  for (const user of ['bob', undefined]) {
    const his = await comeBack(`${hers.id}.0`, { user });
    assert.equal((await connected(his)).resumed, undefined);
    assert.notEqual(his.id, hers.id);
    await his.next('heartbeat');
    assert.doesNotMatch(his.text, new RegExp(hers.id));
  }
  const again = await comeBack(`${hers.id}.0`, { user: 'alice' });
  assert.equal((await again.next('mcp_response')).json.id, 1);
});

test('a newer connection takes the stream over from an older one', async () => {
  const first = await stack.greeted();
  await assertSent(post(first.id, 1));
  await first.next('mcp_response');
  const second = await comeBack(`${first.id}.0`);
  await first.ended;
  assert.equal(second.id, first.id);
  assert.equal((await second.next('mcp_response')).json.id, 1, 'the older one may not have read it');
  await assertSent(post(first.id, 2));
  assert.equal((await second.next('mcp_response')).json.id, 2);
});

test('the pure transport comes back too, to endpoint and what it missed alone', async () => {
  const at = { path: '/mcp/sse?dialect=2024-11-05' };
  const first = await stack.greeted(at);
  const say = (n) => stack.say(0, { jsonrpc: '2.0', id: n, method: 'ping' }, { uri: first.endpoint });
  await say(1);
  const { id: last } = await first.next('message');
  await leave(first);
  await say(2);
  await until('it is kept', async () => (await stack.status()).admissions === 0);
  const second = await comeBack(last, at);
  assert.equal((await second.next('message')).json.id, 2);
  assert.match(second.text, /^event: endpoint\ndata: [^\n]*\n\nid: [^\n]*\nevent: message\n/);
});

test('after its time a stream is gone: 400 to who posts, fresh to who comes back', async (t) => {
  const site = await startStack(t, { limits: { resume_ms: 50 } });
  const first = await site.greeted();
  await leave(first, site);
  await until('it is forgotten', async () => (await site.status()).streams.parked === 0);
  assert.equal((await post(first.id, 1, site)).status, 400);
  const second = await comeBack(`${first.id}.0`, { on: site });
  assert.notEqual(second.id, first.id);
});

test('beyond max_resumable the oldest is forgotten', async (t) => {
  const site = await startStack(t, { limits: { max_resumable: 2 } });
  const streams = [];
  for (let n = 0; n < 3; n++) streams.push(await site.greeted());
  for (const one of streams) await leave(one, site);
  assert.equal((await site.status()).streams.parked, 2);
  assert.equal((await post(streams[0].id, 1, site)).status, 400);
  for (const one of streams.slice(1)) await assertSent(post(one.id, 1, site));
});

test("a session's stream comes back by its session, and misses nothing", async () => {
  const session = await stack.initialize(0);
  const open = (headers = {}) =>
    stack.stream({ path: '/mcp', headers: { Accept: 'text/event-stream', 'Mcp-Session-Id': session, ...headers } });
  const first = await open();
  assert.equal(first.status, 200);
  await first.next();
  const second = await open();
  await second.next();
  await first.ended;
});

// HTTP+SSE of 2024-11-05: the same streams, connection_id in the query, 202 at
// once, answers as message.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { slowTool, startStack, traceTools } from '../lib/stack.mjs';

const NOWHERE = '/mcp/sse/message?connection_id=00000000-0000-4000-8000-000000000000';
const stack = await startStack({ after }, {
  workers: 2,
  change: (config) => void config.tools.push(slowTool(300), ...traceTools),
});

const post = (stream, message, { worker = 0, ...options } = {}) =>
  stack.say(worker, { jsonrpc: '2.0', ...message }, { uri: stream.endpoint, ...options });

function assertAccepted(answer) {
  assert.equal(answer.status, 202, answer.text);
  assert.equal(answer.text, '');
  assert.equal(answer.headers['content-type'], undefined);
}

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['jsonrpc', 'error', 'id']);
  assert.equal(answer.json.error.code, code);
}

const traces = async () => (await stack.call(0, 'tools/call', { name: 'count_traces' })).result.content[0].text;

test('a request is accepted with nothing, and answered by a message on the stream', async () => {
  const stream = await stack.greeted();
  await stream.next('heartbeat');
  const before = stream.text.length;
  assertAccepted(await post(stream, { id: 1, method: 'ping' }));
  await stream.next('message');
  assert.equal(
    stream.text.slice(before),
    `id: ${stream.id}.1\nevent: message\ndata: {"jsonrpc":"2.0","result":{},"id":1}\n\n`,
  );
});

test('the handshake, as the official clients have it', async () => {
  const stream = await stack.greeted();
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  assertAccepted(await post(stream, { id: 0, method: 'initialize', params }));
  const { result } = (await stream.next('message')).json;
  assert.equal(result.protocolVersion, '2024-11-05');
  assert.deepEqual(result.capabilities, {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    logging: {},
  });
  assertAccepted(await post(stream, { method: 'notifications/initialized' }));
  assertAccepted(await post(stream, { id: 1, method: 'tools/list' }, { worker: 1 }));
  assert.equal((await stream.next('message')).json.result.tools[0].annotations, undefined);
});

test('the acknowledgement does not wait for the tool', async () => {
  const stream = await stack.greeted();
  for (let id = 0; id < 3; id++) {
    assertAccepted(await post(stream, { id, method: 'tools/call', params: { name: 'slow' } }));
  }
  assert.ok(!stream.events.all.some((one) => one.event === 'message'), 'all three before the first is done');
  for (let n = 0; n < 3; n++) assert.equal((await stream.next('message')).json.result.isError, true);
});

test('the connection that was answered 202 is kept, while its call runs', async () => {
  const stream = await stack.greeted();
  const connection = await stack.connect();
  const slow = { jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow' } };
  assertAccepted(await connection.post(stream.endpoint, slow).answer);
  const ping = { jsonrpc: '2.0', id: 'ping', method: 'ping' };
  assertAccepted(await connection.post(stream.endpoint, ping).answer);
  assert.equal((await stream.next('message')).json.id, 'ping');
  assert.equal((await stream.next('message')).json.id, 'slow');
});

test('notifications and responses are accepted, and nothing appears on the stream', async () => {
  const stream = await stack.greeted();
  await stream.next('heartbeat');
  assertAccepted(await post(stream, { method: 'notifications/cancelled', params: { requestId: 1 } }));
  assertAccepted(await post(stream, { id: 1, result: {} }));
  assertAccepted(await post(stream, { id: 1, error: { code: 1, message: 'x' } }));
  assertAccepted(await post(stream, { id: 'last', method: 'ping' }));
  assert.equal((await stream.next()).json.id, 'last');
});

test('an unknown stream is 404, and nothing is run', async () => {
  const before = await traces();
  const params = { name: 'leave_trace', arguments: { email: 'sse@trace.example' } };
  for (const uri of [NOWHERE, '/mcp/sse/message?connection_id=x', `/mcp/sse/message?connection_id=${'x'.repeat(200)}`]) {
    const answer = await stack.say(0, { jsonrpc: '2.0', id: 3, method: 'tools/call', params }, { uri });
    assertRefused(answer, 404, -32600);
    assert.equal(answer.json.id, 3);
  }
  assert.equal(await traces(), before);
});

test("another subject's stream is 404, and nothing is run or shown", async () => {
  const before = await traces();
  const stream = await stack.greeted({ user: 'alice' });
  await stream.next('heartbeat');
  const params = { name: 'leave_trace', arguments: { email: 'foreign-sse@trace.example' } };
  for (const user of ['bob', '']) {
    assertRefused(await post(stream, { id: 1, method: 'tools/call', params }, { user }), 404, -32600);
  }
  assert.equal(await traces(), before);
  assertAccepted(await post(stream, { id: 'hers', method: 'ping' }, { user: 'alice' }));
  assert.equal((await stream.next()).json.id, 'hers');
});

test('what is no message is 400, in the shape of JSON-RPC', async () => {
  const stream = await stack.greeted();
  const uri = stream.endpoint;
  assertRefused(await stack.say(0, '{', { uri }), 400, -32700);
  assertRefused(await stack.say(0, '{"jsonrpc":"1.0","id":1,"method":"ping"}', { uri }), 400, -32600);
  assertRefused(await stack.say(0, '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', { uri }), 400, -32600);
  assertRefused(await post(stream, { id: 'x'.repeat(2000), method: 'ping' }), 400, -32600);
});

test('twenty calls in a row through two processes: twenty answers on the one stream', async () => {
  const stream = await stack.greeted();
  const workers = await Promise.all([stack.connect(0), stack.connect(1)]);
  const params = { name: 'get_client', arguments: { email: 'test@example.com' } };
  for (let id = 1; id <= 20; id++) {
    const message = { jsonrpc: '2.0', id, method: 'tools/call', params };
    assertAccepted(await workers[id % 2].post(stream.endpoint, message).answer);
  }
  const ids = [];
  for (let n = 1; n <= 20; n++) ids.push((await stream.next('message')).json.id);
  assert.deepEqual(ids.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, n) => n + 1));
});

test('who has posted by query is official: comments, and no named heartbeat any more', async (t) => {
  const site = await startStack(t, { limits: { heartbeat_ms: 40, comment_ms: 40 } });
  const stream = await site.greeted();
  await stream.next('heartbeat');
  await site.say(0, { jsonrpc: '2.0', id: 1, method: 'ping' }, { uri: stream.endpoint });
  await stream.next('message');
  for (let n = 0; n < 6; n++) assert.ok('comment' in (await stream.next()), 'nothing but comments');

  // until a post by body says that it is the seed's after all
  await site.say(0, { jsonrpc: '2.0', id: 2, method: 'ping', connection_id: stream.id }, { uri: '/mcp/sse/message' });
  await stream.next('mcp_response');
  await stream.next('heartbeat');
});

test('the pure transport: endpoint, messages, comments, and nothing else', async (t) => {
  const site = await startStack(t, { limits: { heartbeat_ms: 30, comment_ms: 30 } });
  for (const options of [
    { path: '/mcp/sse?dialect=2024-11-05' },
    { headers: { 'User-Agent': 'Go-http-client/1.1' } },
    { headers: { 'User-Agent': 'x Go-http-client/2.0' } },
  ]) {
    const stream = await site.greeted(options);
    await site.say(0, { jsonrpc: '2.0', id: 1, method: 'ping' }, { uri: stream.endpoint });
    const message = await stream.next('message');
    assert.equal(message.id, `${stream.id}.1`);
    for (let n = 0; n < 3; n++) await stream.next((one) => 'comment' in one);
    assert.match(stream.text, /^event: endpoint\n/);
    assert.doesNotMatch(stream.text, /retry:|event: (?!endpoint|message)/);
  }
});

test('for the pure transport the answer is a message, even to a post by body', async () => {
  const stream = await stack.greeted({ path: '/mcp/sse?dialect=2024-11-05' });
  const message = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: stream.id };
  assert.equal((await stack.say(0, message, { uri: '/mcp/sse/message' })).status, 200);
  assert.equal((await stream.next((one) => 'event' in one)).event, 'message');
});

test("Java's client gets the events without retry", async () => {
  const stream = await stack.stream({ headers: { 'User-Agent': 'Java-http-client/17.0.1' } });
  await stream.next('heartbeat');
  assert.match(stream.text, /^event: endpoint\n[^]*event: connected\n/);
  assert.doesNotMatch(stream.text, /retry/);
});

// The seed's dialect: GET /mcp/sse, POST /mcp/sse/message with connection_id
// in the body, answers as mcp_response. Broker's socket, workers' FastCGI.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack, traceTools } from '../lib/stack.mjs';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const T = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
const NOWHERE = '00000000-0000-4000-8000-000000000000';
const URI = { uri: '/mcp/sse/message' };

const stack = await startStack({ after }, { workers: 2, change: (config) => void config.tools.push(...traceTools) });

// POST as the seed's page does.
const post = (stream, message, { worker = 0, ...options } = {}) =>
  stack.say(worker, { jsonrpc: '2.0', ...message, connection_id: stream.id ?? stream }, { ...URI, ...options });

function assertSent(answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.text, new RegExp(`^{"status":"sent","timestamp":"${T}"}$`));
}

function assertRefused(answer, status, sentence) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.match(answer.text, new RegExp(`^{"error":"${sentence}","timestamp":"${T}"}$`));
}

const traces = async () => (await stack.call(0, 'tools/call', { name: 'count_traces' })).result.content[0].text;

test('a stream begins with endpoint, connected and heartbeat, in exactly this shape', async () => {
  const stream = await stack.stream();
  await stream.next('heartbeat');
  const shape = new RegExp(
    '^event: endpoint\n' +
      `data: /mcp/sse/message\\?connection_id=(${UUID})\n\n` +
      'retry: \\d+\n\n' +
      'id: \\1\\.0\n' +
      'event: connected\n' +
      `data: {"type":"connection_established","connection_id":"\\1","timestamp":"${T}",` +
      '"server_info":{"name":"example-crm","version":"1.0.0","protocol_version":"2024-11-05"}}\n\n' +
      'event: heartbeat\n' +
      `data: {"type":"heartbeat","timestamp":"${T}"}\n\n$`,
  );
  assert.match(stream.text, shape);
});

test('timestamps are of now, in whole seconds', async () => {
  const stream = await stack.stream();
  const { json } = await stream.next('heartbeat');
  assert.ok(Math.abs(Date.parse(json.timestamp) - Date.now()) < 5000, json.timestamp);
});

test('every stream has an id of its own', async () => {
  const streams = await Promise.all(Array.from({ length: 20 }, () => stack.greeted()));
  assert.equal(new Set(streams.map((one) => one.id)).size, 20);
});

test('a request is answered "sent", and its answer is an mcp_response on the stream', async () => {
  const stream = await stack.greeted();
  await stream.next('heartbeat');
  const before = stream.text.length;
  assertSent(await post(stream, { id: 1, method: 'ping' }));
  await stream.next('mcp_response');
  assert.equal(
    stream.text.slice(before),
    `id: ${stream.id}.1\nevent: mcp_response\ndata: {"jsonrpc":"2.0","result":{},"id":1}\n\n`,
  );
});

test('initialize, tools, resources, prompts: what the page asks is answered there', async () => {
  const stream = await stack.greeted();
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'page', version: '1' } };
  const ask = async (message) => {
    assertSent(await post(stream, message));
    const { json } = await stream.next('mcp_response');
    assert.equal(json.id, message.id);
    return json.result;
  };
  const { protocolVersion, capabilities, serverInfo } = await ask({ id: 1, method: 'initialize', params });
  assert.equal(protocolVersion, '2024-11-05');
  assert.deepEqual(capabilities, {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    logging: {},
    notifications: {},
    sse: { endpoint: '/mcp/sse', message_endpoint: '/mcp/sse/message' },
  });
  assert.equal(serverInfo.name, 'example-crm');
  assert.equal((await ask({ id: 2, method: 'tools/list' })).tools[0].name, 'get_client');
  const get = (email) => ask({ id: email, method: 'tools/call', params: { name: 'get_client', arguments: { email } } });
  assert.equal(JSON.parse((await get('test@example.com')).content[0].text).name, 'Test Client');
  assert.equal((await get('x@example.com')).content[0].text, 'Client with email x@example.com not found');
  assert.equal((await ask({ id: 3, method: 'resources/list' })).resources[0].uri, 'crm://clients');
  assert.equal((await ask({ id: 4, method: 'prompts/list' })).prompts[0].name, 'client_summary');
});

test('an error of the method is "sent" too, and travels on the stream', async () => {
  const stream = await stack.greeted();
  assertSent(await post(stream, { id: 1, method: 'unheard/of' }));
  assert.equal((await stream.next('mcp_response')).json.error.code, -32601);
  assertSent(await post(stream, { id: 2, method: 'tools/call', params: { name: 'nothing' } }));
  assert.equal((await stream.next('mcp_response')).json.error.code, -32602);
});

test('an id comes back on the stream byte for byte', async () => {
  const stream = await stack.greeted();
  for (const id of ['-1', '18446744073709551615', '1.50', '"a\\u0041\\"\\n"', '"世界"']) {
    const body = `{"jsonrpc":"2.0","id":${id},"method":"ping","connection_id":"${stream.id}"}`;
    assertSent(await stack.say(0, body, URI));
    assert.equal((await stream.next('mcp_response')).data, `{"jsonrpc":"2.0","result":{},"id":${id}}`);
  }
});

test('notifications and responses are acknowledged, and nothing appears on the stream', async () => {
  const stream = await stack.greeted();
  await stream.next('heartbeat');
  assertSent(await post(stream, { method: 'notifications/initialized' }));
  assertSent(await post(stream, { method: 'unheard/of' }));
  assertSent(await post(stream, { id: 9, result: {} }));
  assertSent(await post(stream, { id: 1, method: 'ping' }));
  assert.equal((await stream.next()).event, 'mcp_response');
});

test('an id that is missing or unknown is 400, and nothing is run', async () => {
  const before = await traces();
  const params = { name: 'leave_trace', arguments: { email: 'seed@trace.example' } };
  for (const connection_id of [undefined, '', NOWHERE, 'x', 'x'.repeat(200), 1, null, {}, ' ', `${NOWHERE}.1`]) {
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params, connection_id };
    assertRefused(await stack.say(0, message, URI), 400, 'Invalid or missing connection_id');
  }
  assert.equal(await traces(), before);
});

test('a body that is not JSON is 400', async () => {
  assertRefused(await stack.say(0, '{', URI), 400, 'Invalid JSON');
  assertRefused(await stack.say(0, '', URI), 400, 'Invalid JSON');
});

test("another subject's stream is 400, and nothing is run or shown", async () => {
  const before = await traces();
  const stream = await stack.greeted({ user: 'alice' });
  await stream.next('heartbeat');
  const params = { name: 'leave_trace', arguments: { email: 'foreign@trace.example' } };
  for (const user of ['bob', '']) {
    const answer = await post(stream, { id: 1, method: 'tools/call', params }, { user });
    assertRefused(answer, 400, 'Invalid or missing connection_id');
  }
  assert.equal(await traces(), before);
  assertSent(await post(stream, { id: 'hers', method: 'ping' }, { user: 'alice' }));
  assert.equal((await stream.next()).json.id, 'hers');
});

test('a batch is refused on a stream', async () => {
  const stream = await stack.greeted();
  const answer = await stack.say(0, [{ jsonrpc: '2.0', id: 1, method: 'ping', connection_id: stream.id }], URI);
  assert.equal(answer.status, 400);
});

test('what initialize agreed on is known to every process', async () => {
  const stream = await stack.greeted();
  const params = { protocolVersion: '2025-11-25', capabilities: {} };
  assertSent(await post(stream, { id: 1, method: 'initialize', params }, { worker: 0 }));
  assert.equal((await stream.next('mcp_response')).json.result.protocolVersion, '2025-11-25');
  for (const worker of [1, 0]) {
    const call = { name: 'get_client', arguments: { email: 'test@example.com' } };
    assertSent(await post(stream, { id: 2, method: 'tools/call', params: call }, { worker }));
    assert.equal((await stream.next('mcp_response')).json.result.structuredContent.id, 1);
  }
});

test('twenty calls in a row through two processes: twenty answers on the one stream', async () => {
  const stream = await stack.greeted();
  const workers = await Promise.all([stack.connect(0), stack.connect(1)]);
  const params = { name: 'get_client', arguments: { email: 'test@example.com' } };
  for (let id = 1; id <= 20; id++) {
    const message = { jsonrpc: '2.0', id, method: 'tools/call', params, connection_id: stream.id };
    assertSent(await workers[id % 2].post('/mcp/sse/message', message).answer);
  }
  for (let id = 1; id <= 20; id++) {
    const event = await stream.next('mcp_response');
    assert.equal(event.json.id, id);
    assert.equal(event.id, `${stream.id}.${id}`);
  }
});

test('forty calls at once: forty answers, each once', async () => {
  const stream = await stack.greeted();
  const all = Array.from({ length: 40 }, (_, id) => post(stream, { id, method: 'tools/list' }, { worker: id % 2 }));
  for (const answer of await Promise.all(all)) assertSent(answer);
  const ids = [];
  for (let n = 0; n < 40; n++) ids.push((await stream.next('mcp_response')).json.id);
  assert.deepEqual(ids.toSorted((a, b) => a - b), Array.from({ length: 40 }, (_, id) => id));
});

test('heartbeats come in their time, and carry no id', async (t) => {
  const site = await startStack(t, { limits: { heartbeat_ms: 100, comment_ms: 3600000 } });
  const stream = await site.stream();
  const beats = [];
  for (let n = 0; n < 6; n++) beats.push(await stream.next('heartbeat'));
  for (const one of beats) {
    assert.equal(one.id, undefined);
    assert.deepEqual(Object.keys(one.json), ['type', 'timestamp']);
  }
  // the first period is between a half and a whole; those after it are whole
  const took = beats[5].at - beats[0].at;
  assert.ok(took >= 430 && took < 3000, `five periods in ${took} ms`);
});

test('comments keep a stream alive between heartbeats', async (t) => {
  const site = await startStack(t, { limits: { comment_ms: 60 } });
  const stream = await site.stream();
  await stream.next('heartbeat');
  for (let n = 0; n < 3; n++) assert.ok('comment' in (await stream.next()));
});

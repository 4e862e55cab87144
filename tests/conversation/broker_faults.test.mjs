// The broker dies or stands still: POST /mcp goes on, streams are refused in
// time, and all is well again when it is back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FcgiConnection } from '../lib/fcgi.mjs';
import { startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { slowTool, startStack, traceTools, until } from '../lib/stack.mjs';

const URI = { uri: '/mcp/sse/message' };
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const callOf = (id, name, args) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });

// Two seconds, and what a busy machine adds.
const patience = (program) => (program.isSanitized ? 4000 : 2200);

// Both ways to post to a stream are refused with 503, in their own shape.
async function assertAway(stack, stream, worker = 0) {
  const most = patience(stack.workers[worker]);
  let began = performance.now();
  const seed = await stack.say(worker, { ...ping(1), connection_id: stream.id }, URI);
  assert.equal(seed.status, 503, seed.text);
  assert.ok(performance.now() - began < most, `${performance.now() - began} ms`);
  assert.ok(Number(seed.headers['retry-after']) > 0);
  assert.deepEqual(Object.keys(seed.json), ['error', 'timestamp']);

  began = performance.now();
  const official = await stack.say(worker, ping(2), { uri: stream.endpoint });
  assert.equal(official.status, 503, official.text);
  assert.ok(performance.now() - began < most, `${performance.now() - began} ms`);
  assert.ok(Number(official.headers['retry-after']) > 0);
  assert.deepEqual(Object.keys(official.json), ['jsonrpc', 'error', 'id']);
  assert.equal(official.json.error.code, -31999);
  assert.equal(official.json.id, 2);
}

async function assertWell(stack, worker = 0) {
  const stream = await stack.greeted();
  const answer = await stack.say(worker, { ...ping('well'), connection_id: stream.id }, URI);
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await stream.next('mcp_response')).json.id, 'well');
}

test('the broker is killed: POST goes on, streams get 503, and it comes back by itself', async (t) => {
  const stack = await startStack(t, { workers: 2 });
  const stream = await stack.greeted();
  const session = await stack.initialize(0);
  await stack.broker.kill();
  await stream.ended;

  await assertAway(stack, stream);
  const params = { name: 'get_client', arguments: { email: 'test@example.com' } };
  for (const i of [0, 1]) {
    assert.equal((await stack.call(i, 'tools/call', params)).result.isError, undefined);
    assert.equal((await stack.say(i, ping(1), { headers: { 'Mcp-Session-Id': session } })).status, 200);
    await until('health says so', async () => (await stack.health(i)) === 'unreachable', 5000);
  }
  const began = performance.now();
  await assertAway(stack, stream, 1);
  assert.ok(performance.now() - began < 500, 'known to be away: nothing to wait for');

  const pids = stack.workers.map((one) => one.pid);
  await stack.startBroker();
  for (const i of [0, 1]) {
    await stack.hasBroker(i);
    await assertWell(stack, i);
  }
  assert.deepEqual(stack.workers.map((one) => one.pid), pids);
  const lost = await stack.say(0, { ...ping(1), connection_id: stream.id }, URI);
  assert.equal(lost.status, 400, 'what a killed broker held is gone');
});

test('a worker starts without a broker, and finds it later', async (t) => {
  const stack = await startStack(t, { broker: false });
  assert.equal(await stack.health(), 'unreachable');
  assert.equal((await stack.say(0, ping(1))).status, 200);
  await assertAway(stack, { id: '00000000-0000-4000-8000-000000000000', endpoint: '/mcp/sse/message?connection_id=x' });
  await stack.startBroker();
  await stack.hasBroker();
  await assertWell(stack);
});

test('the broker stands still: 503 within two seconds, and nothing is run that was refused', async (t) => {
  const stack = await startStack(t, { change: (config) => void config.tools.push(...traceTools) });
  const stream = await stack.greeted();
  stack.broker.freeze();
  const began = performance.now();
  const trace = { ...callOf(1, 'leave_trace', { email: 'frozen@trace.example' }), connection_id: stream.id };
  const answers = await Promise.all([stack.say(0, trace, URI), stack.say(0, trace, { uri: stream.endpoint })]);
  const took = performance.now() - began;
  assert.deepEqual(answers.map((one) => one.status), [503, 503]);
  assert.ok(took < patience(stack.broker), `${took} ms`);
  await assertAway(stack, stream);

  stack.broker.thaw();
  await stack.hasBroker();
  await assertWell(stack);
  const count = await stack.call(0, 'tools/call', { name: 'count_traces' });
  assert.equal(count.result.content[0].text, '0');
  assert.equal(stream.events.over, null, 'a broker that stood still has its streams');
  await stack.say(0, ping('after'), { uri: stream.endpoint });
  assert.equal((await stream.next('message')).json.id, 'after');
});

test('the broker stands still during a call: 503, and one answer on the stream in the end', async (t) => {
  const limits = { call_ms: 300, parked_ms: 100 };
  const stack = await startStack(t, { limits, change: (config) => void config.tools.push(slowTool(250)) });
  const stream = await stack.greeted();
  const called = stack.say(0, { ...callOf('lost', 'slow'), connection_id: stream.id }, URI);
  await until('it is admitted', async () => (await stack.status()).admissions === 1);
  stack.broker.freeze();
  const answer = await called;
  assert.equal(answer.status, 503);
  assert.deepEqual(Object.keys(answer.json), ['error', 'timestamp']);
  stack.broker.thaw();
  assert.equal((await stream.next('mcp_response', 9000)).json.id, 'lost');
  await stack.hasBroker();
  await stack.say(0, { ...ping('next'), connection_id: stream.id }, URI);
  assert.equal((await stream.next('mcp_response')).json.id, 'next');
});

test('under a supervisor a killed broker is back, and the workers are the same', async (t) => {
  const site = await startSite(t, { workers: 2 });
  const roles = ['worker 1', 'worker 2'];
  const pids = roles.map((role) => site.pidOf(role));
  const target = { socketPath: site.brokerSocket, path: '/mcp/sse' };
  const before = await openStream(target);
  await before.next('heartbeat');
  await site.kill('broker');
  await before.ended;

  const after = await openStream(target); // its socket has stayed
  const { json } = await after.next('connected');
  const worker = await FcgiConnection.open(site.workerSocket);
  await until('posts are taken again', async () => {
    const answer = await worker.post('/mcp/sse/message', { ...ping(1), connection_id: json.connection_id }).answer;
    return answer.status === 200;
  });
  assert.equal((await after.next('mcp_response')).json.id, 1);
  assert.deepEqual(roles.map((role) => site.pidOf(role)), pids);
  await Promise.all([after.close(), worker.close()]);
});

test('the broker ends in good order: streams are told, and ended', async (t) => {
  const stack = await startStack(t);
  const seed = await stack.greeted();
  await seed.next('heartbeat');
  await stack.say(0, { ...ping(1), connection_id: seed.id }, URI);
  await seed.next('mcp_response');
  const official = await stack.greeted();
  await stack.say(0, ping(1), { uri: official.endpoint });
  await official.next('message');
  const pure = await stack.greeted({ path: '/mcp/sse?dialect=2024-11-05' });

  assert.equal(await stack.broker.kill('SIGTERM'), 0);
  await Promise.all([seed.ended, official.ended, pure.ended]);
  assert.ok(Number((await seed.next((one) => one.retry)).retry) > 0);
  const { json } = await seed.next('error');
  assert.equal(json.type, 'error');
  assert.equal(typeof json.message, 'string');
  assert.doesNotMatch(official.text, /event: error/);
  assert.doesNotMatch(pure.text, /event: error|retry/);
});

test('a broker that is ending hears no second signal', async (t) => {
  const change = (all) => ({ ...all, tools: [...all.tools, { name: 'big', text: 'x'.repeat(100000) }] });
  const stack = await startStack(t, { limits: { max_outbox: 8 << 20 }, change });
  const raw = await stack.raw(stack.brokerSocket);
  raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
  const [, id] = /connection_id=([0-9a-f-]+)/.exec(await raw.until(/heartbeat/));
  raw.pause(); // what waits for it is waited for
  for (let n = 1; n <= 30; n++) {
    const request = { jsonrpc: '2.0', id: n, method: 'tools/call', params: { name: 'big', arguments: {} } };
    assert.equal((await stack.say(0, request, { uri: `/mcp/sse/message?connection_id=${id}` })).status, 202);
  }
  await until('some of it waits', async () => (await stack.status()).streams.behind === 1);
  const ended = stack.broker.kill('SIGTERM');
  await until('it is ending', () => /ending 1 streams/.test(stack.broker.stderr));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGTERM']) stack.broker.kill(signal);
  raw.resume();
  assert.equal(await ended, 0);
});

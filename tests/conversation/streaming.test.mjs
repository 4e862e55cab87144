// 2026-07-28: an answer that has more to say than its result is a stream, and
// whoever closes it has cancelled.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { slowTool, until } from '../lib/stack.mjs';
import { assertError, begin, file, lines, modern, result, startFixture, touch, written } from './fixture/fixture.mjs';

const LEVEL = 'io.modelcontextprotocol/logLevel';
const EVENTS = { Accept: 'text/event-stream' };
const stack = await startFixture({ after }, { change: (config) => void config.tools.push(slowTool(30000)) });
const call = (name, args, options) => begin(stack, 0, 'tools/call', { name, arguments: args }, options);
const messages = (request) => request.events.all.filter((one) => one.data !== undefined).map((one) => JSON.parse(one.data));

// --- progress ----------------------------------------------------------------------------

test('progress goes before the result, in one stream', async () => {
  const request = await call('report', { n: 3 }, { meta: { progressToken: 'p' } });
  const answer = await request.answer;
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/event-stream/);
  assert.equal(answer.headers['x-accel-buffering'], 'no');
  assert.match(answer.headers['cache-control'], /no-cache/);
  assert.equal(answer.headers['mcp-session-id'], undefined);
  const said = messages(request);
  assert.deepEqual(
    said.slice(0, 3),
    [1, 2, 3].map((progress) => ({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 'p', progress, total: 3 },
    })),
  );
  assert.equal(said[3].id, 1);
  assert.equal(said[3].result.resultType, 'complete');
  assert.equal(said.length, 4);
  assert.ok(!/^(id|retry):/m.test(answer.text), 'it cannot be resumed, and does not pretend to');
});

test('each event is written as it happens', async () => {
  const go = file(stack);
  const request = await call('report', { n: 3, pause: 2, until: go }, { meta: { progressToken: 7 } });
  assert.equal((await request.next('message')).json.params.progress, 1);
  assert.equal((await request.next('message')).json.params.progressToken, 7);
  assert.equal(request.events.all.length, 2);
  touch(go);
  assert.equal((await request.next('message')).json.params.progress, 3);
  assert.equal((await request.next('message')).json.id, 1);
  await request.answer;
});

test('the connection is kept: it serves the next request', async () => {
  const request = await call('report', { n: 2 }, { meta: { progressToken: 'p' } });
  await request.answer;
  const answer = await request.connection.post('/mcp', { jsonrpc: '2.0', id: 2, method: 'ping' }).answer;
  assert.deepEqual(answer.json.result, {});
});

test('who sent no token is told no progress, and gets plain JSON', async () => {
  const answer = await modern(stack, 0, 'tools/call', { name: 'report', arguments: {} });
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.json.result.content[0].text, 'reported 3');
});

test('who does not accept a stream gets the result alone', async () => {
  const options = { meta: { progressToken: 'p' }, headers: { Accept: 'application/json' } };
  const answer = await modern(stack, 0, 'tools/call', { name: 'report', arguments: {} }, options);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.json.result.content[0].text, 'reported 3');
});

test('who accepts nothing else gets a stream of the result alone', async () => {
  const request = await call('report', {}, { headers: EVENTS });
  const answer = await request.answer;
  assert.equal(answer.headers['content-type'], 'text/event-stream');
  assert.equal(messages(request).length, 1);
});

test('what is refused is refused with its status, stream or not', async () => {
  const params = { name: 'ask_forms', arguments: {} };
  const answer = await modern(stack, 0, 'tools/call', params, { headers: EVENTS });
  assert.equal(answer.status, 400);
  assert.equal(answer.json.error.code, -32021);
  assertError(await modern(stack, 0, 'unknown/method', {}, { meta: { progressToken: 1 } }), 404, -32601);
});

// --- log messages --------------------------------------------------------------------------

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

test('log messages from the level on that was asked for', async () => {
  for (const [n, level] of LEVELS.entries()) {
    const request = await call('log_all', {}, { meta: { [LEVEL]: level } });
    await request.answer;
    const said = messages(request);
    assert.deepEqual(
      said.slice(0, -1).map((one) => one.params.level),
      LEVELS.slice(n),
    );
    assert.deepEqual(said[0], { jsonrpc: '2.0', method: 'notifications/message', params: { level, logger: 'fixture', data: { a: 1 } } });
    assert.equal(said.at(-1).result.content[0].text, 'logged');
  }
});

test('without a level there is none, also for who has set one in an older era', async () => {
  const session = await stack.initialize(0);
  const headers = { 'Mcp-Session-Id': session };
  await stack.call(0, 'logging/setLevel', { level: 'debug' }, { headers });
  const answer = await modern(stack, 0, 'tools/call', { name: 'log_all' }, { headers });
  assert.match(answer.headers['content-type'], /^application\/json/);
});

// --- who closes has cancelled ------------------------------------------------------------------

test('closing the connection wakes a handler that sleeps', async () => {
  for (const meta of [{}, { progressToken: 'p' }]) {
    const [begun, ended] = [file(stack), file(stack)];
    const request = await call('nap', { ms: 30000, begun, ended }, { meta });
    await written(begun);
    const began = performance.now();
    await request.connection.close();
    assert.equal(await written(ended), 'woken');
    assert.ok(performance.now() - began < 1000);
  }
});

test('closing the stream does, once it has begun', async () => {
  const ended = file(stack);
  const params = { n: 2, pause: 1, until: file(stack), ended };
  const request = await call('report', params, { meta: { progressToken: 'p' } });
  await request.next('message');
  await request.connection.close();
  assert.equal(await written(ended), 'cancelled');
});

test('closing the connection stops a statement', async () => {
  const { connection } = await call('slow', {});
  // the processes tell the broker every second what they run
  await until('it runs', async () => (await stack.status()).processes.some((one) => one.running > 0));
  const began = performance.now();
  await connection.close();
  await until('it has ended', () => / name=slow /.test(stack.workers[0].stderr));
  assert.ok(performance.now() - began < 500);
});

test('a cancelled call gives its slot back: the next one runs', async (t) => {
  const small = await startFixture(t, { slots: 1 });
  const [begun, go] = [file(small), file(small)];
  const first = await begin(small, 0, 'tools/call', { name: 'hold', arguments: { begun, until: file(small) } });
  await written(begun);
  const queued = await begin(small, 0, 'tools/call', { name: 'hold', arguments: { begun: go } });
  const second = result(small, 0, 'tools/call', { name: 'count_clients' });
  await queued.connection.close();
  await first.connection.close();
  assert.ok(await second);
  assert.deepEqual(lines(go), [], 'who left while it waited was not run');
});

test('notifications/cancelled means nothing here: each connection is its own', async () => {
  const [begun, go] = [file(stack), file(stack)];
  const request = await call('hold', { begun, until: go }, { id: 'c' });
  await written(begun);
  const params = { requestId: 'c' };
  const answer = await stack.say(0, { jsonrpc: '2.0', method: 'notifications/cancelled', params });
  assert.equal(answer.status, 202);
  touch(go);
  assert.equal((await request.answer).json.result.content[0].text, 'held');
});

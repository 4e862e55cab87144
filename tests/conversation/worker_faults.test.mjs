// Workers die, drain, are too few: no stream notices, no call is lost in
// silence, nobody starves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FcgiConnection } from '../lib/fcgi.mjs';
import { makeDirectory, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { slowTool, startStack, traceTools, until } from '../lib/stack.mjs';
import { begin, file, openSession, startFixture, touch, written } from './fixture/fixture.mjs';

const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const callOf = (id, name, args) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
const withTools = (...tools) => (config) => void config.tools.push(...tools);

// It was not run: who asks again is answered by another.
function assertBusy(answer, id) {
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.json.id, id);
  assert.match(answer.json.error.message, /busy/);
}

// --- death -----------------------------------------------------------------------

test('any worker may be killed under a hundred streams: none closes, calls go on', async (t) => {
  const site = await startSite(t, { workers: 2 });
  const open = () => openStream({ socketPath: site.brokerSocket, path: '/mcp/sse' });
  const streams = await Promise.all(Array.from({ length: 100 }, open));
  const ids = [];
  for (const one of streams) ids.push((await one.next('connected')).json.connection_id);

  const post = async (n, id) => {
    const worker = await FcgiConnection.open(site.workerSocket);
    const answer = await worker.post('/mcp/sse/message', { ...ping(id), connection_id: ids[n] }).answer;
    await worker.close();
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await streams[n].next('mcp_response')).json.id, id);
  };
  for (let n = 0; n < 10; n++) await post(n, 1);
  for (const role of ['worker 1', 'worker 2', 'worker 1']) {
    await site.kill(role);
    for (let n = 0; n < 10; n++) await post(n, role);
  }
  for (let n = 0; n < 100; n++) await post(n, 'last');
  for (const one of streams) assert.equal(one.events.over, null);
  await Promise.all(streams.map((one) => one.close()));
});

// --- who waits -------------------------------------------------------------------

// Says that it has begun, and waits to be let go.
const heldTool = (dir) => ({
  name: 'held',
  description: 'Waits',
  exec: { argv: ['/bin/sh', '-c', `: > ${dir}/begun.$$; until [ -e ${dir}/go ]; do sleep 0.01; done`] },
});
const nBegun = (dir) => fs.readdirSync(dir).filter((name) => name.startsWith('begun.')).length;

test('calls that wait do not hold up others: as many run as have slots, and what needs none is answered', async (t) => {
  const dir = makeDirectory(t);
  const stack = await startStack(t, { threads: 8, change: withTools(heldTool(dir)) });
  const held = Array.from({ length: 6 }, (_, id) => stack.say(0, callOf(id, 'held')));

  await until('all have begun', () => nBegun(dir) === 6);
  assert.equal((await stack.say(0, ping('meanwhile'))).status, 200);
  fs.writeFileSync(path.join(dir, 'go'), '');
  for (const answer of await Promise.all(held)) assert.equal(answer.json.result.isError, undefined, answer.text);
});

// --- death, admitted -------------------------------------------------------------

test('an admitted call that died with its worker is answered -32603, once', async (t) => {
  const stack = await startStack(t, { workers: 2, change: withTools(slowTool(20000)) });
  const official = await stack.greeted();
  const seed = await stack.greeted();

  assert.equal((await stack.say(0, callOf('lost', 'slow'), { uri: official.endpoint })).status, 202);
  const doomed = await stack.connect(0);
  const waiting = doomed.post('/mcp/sse/message', { ...callOf('lost too', 'slow'), connection_id: seed.id }).answer;
  await until('both are admitted', async () => (await stack.status()).admissions === 2);
  const began = performance.now();
  await stack.workers[0].kill();
  await assert.rejects(waiting);

  for (const [stream, event, id] of [[official, 'message', 'lost'], [seed, 'mcp_response', 'lost too']]) {
    const { json } = await stream.next(event, 8000);
    assert.equal(json.id, id);
    assert.equal(json.error.code, -32603);
  }
  assert.ok(performance.now() - began < 6000);

  // nothing follows but what is asked next
  await stack.say(1, ping(2), { uri: official.endpoint });
  assert.equal((await official.next('message')).json.id, 2);
  await stack.say(1, { ...ping(3), connection_id: seed.id }, { uri: '/mcp/sse/message' });
  assert.equal((await seed.next('mcp_response')).json.id, 3);
  assert.equal((await stack.status()).admissions, 0);
});

test('a worker that only seemed dead does not answer a second time', async (t) => {
  const stack = await startStack(t, { workers: 2, change: withTools(slowTool(200)) });
  const stream = await stack.greeted();
  assert.equal((await stack.say(0, callOf('late', 'slow'), { uri: stream.endpoint })).status, 202);
  stack.workers[0].freeze();
  const { json } = await stream.next('message', 8000);
  assert.equal(json.id, 'late');
  assert.equal(json.error.code, -32603);

  stack.workers[0].thaw();
  await until('it is done after all', () => /method=tools\/call/.test(stack.workers[0].stderr));
  await stack.say(0, ping('next'), { uri: stream.endpoint });
  assert.equal((await stream.next('message')).json.id, 'next');
});

// --- the end of a worker ------------------------------------------------------------

test('a worker asked to stop answers the call it runs, and ends', async (t) => {
  const stack = await startStack(t, { workers: 2, change: withTools(slowTool(400)) });
  const stream = await stack.greeted();
  const plain = await stack.connect(0);
  const official = await stack.connect(0);
  const called = plain.post('/mcp', callOf('plain', 'slow')).answer;
  assert.equal((await official.post(stream.endpoint, callOf('official', 'slow')).answer).status, 202);
  await until('it is admitted', async () => (await stack.status()).admissions === 1);

  const ended = stack.workers[0].kill('SIGTERM');
  assert.equal((await called).json.id, 'plain');
  assert.equal((await stream.next('message')).json.id, 'official');
  await plain.closed;
  await official.close();
  assert.equal(await ended, 0);
  assert.equal((await stack.say(1, ping(1))).status, 200);
});

test('calls that take too long for a worker asked to stop are cut off, and say so; asked twice, it is the same', async (t) => {
  const dir = makeDirectory(t);
  const tools = withTools(heldTool(dir), slowTool(60000));
  const stack = await startStack(t, { workers: 2, threads: 4, change: tools }); // and so two slots
  const stream = await stack.greeted();
  const plain = await stack.connect(0);
  const [waiting, kept] = [await stack.connect(0), await stack.connect(0)];
  for (const one of [waiting, kept]) assert.equal((await one.post('/mcp', ping(1)).answer).status, 200);
  const called = plain.post('/mcp', callOf('plain', 'held')).answer;
  assert.equal((await stack.say(0, callOf('official', 'held'), { uri: stream.endpoint })).status, 202);
  await until('both have begun', () => nBegun(dir) === 2);
  const parked = waiting.post('/mcp', callOf('parked', 'slow')).answer;

  const began = performance.now();
  const ended = stack.workers[0].kill('SIGTERM');
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) stack.workers[0].kill(signal);
  assertBusy(await parked, 'parked');
  const answers = [(await called).json, (await stream.next('message', 10000)).json];
  answers.push((await kept.post('/mcp', callOf('at the last moment', 'slow')).answer).json);
  assert.deepEqual(answers.map((one) => one.id), ['plain', 'official', 'at the last moment']);
  for (const { error } of answers) {
    assert.equal(error.code, -32603);
    assert.match(error.message, /is stopping/);
  }
  assert.equal(await ended, 0);
  assert.ok(performance.now() - began < 6900, 'it took its time');
});

test('a call that waits behind one that does not end is refused when a worker asked to stop has no more time', async (t) => {
  const stack = await startFixture(t, { threads: 3 }); // and so one slot
  const begun = file(stack);
  const go = file(stack);
  const [busy, waiting] = [await stack.connect(0), await stack.connect(0)];
  const held = busy.post('/mcp', callOf('held', 'hold', { begun, until: go, deaf: true })).answer;
  await written(begun);
  const parked = waiting.post('/mcp', callOf('parked', 'echo')).answer;
  const ended = stack.workers[0].kill('SIGTERM');
  assertBusy(await parked, 'parked');
  touch(go);
  assert.match((await held).json.error.message, /is stopping/);
  assert.equal(await ended, 0);
});

test('a worker asked to stop serves the connections it has kept once more, and closes them', async (t) => {
  const stack = await startStack(t);
  const kept = await Promise.all([1, 2, 3].map(() => stack.connect(0)));
  for (const one of kept) assert.equal((await one.post('/mcp', ping(1)).answer).status, 200);
  const ended = stack.workers[0].kill('SIGTERM');
  for (const one of kept) {
    let closed = false;
    one.closed.then(() => (closed = true));
    // the first may still come before the signal
    for (let id = 2; !closed; id++) {
      const answer = await Promise.race([one.post('/mcp', ping(id)).answer, one.closed]).catch(() => null);
      if (answer) assert.equal(answer.json.id, id);
      else assert.ok(id > 2, 'it was closed without an answer');
    }
  }
  assert.equal(await ended, 0);
});

test('a worker that leaves says goodbye: it is not waited for', async (t) => {
  const stack = await startStack(t, { workers: 2 });
  assert.equal(await stack.workers[0].kill('SIGTERM'), 0);
  await until('it is gone', async () => (await stack.status()).processes.length === 1, 2000);
  const session = await stack.initialize(1);
  const began = performance.now();
  const answer = await stack.ask(1, 'DELETE', '/mcp', { headers: { 'Mcp-Session-Id': session } });
  assert.equal(answer.status, 204);
  assert.ok(performance.now() - began < 240, 'it was waited for');
});

// --- slots -------------------------------------------------------------------------

// A stack of one slot, and that is taken.
// -> { stack, free(): the one who has it is let go, and answered }
async function startFull(t, { tools = [], ...options } = {}) {
  const stack = await startFixture(t, { ...options, threads: 3, change: withTools(...tools) });
  const stream = await stack.greeted();
  const [begun, go] = [file(stack), file(stack)];
  assert.equal((await stack.say(0, callOf('first', 'hold', { begun, until: go }), { uri: stream.endpoint })).status, 202);
  await written(begun);
  const free = async () => {
    touch(go);
    const { json } = await stream.next('message');
    assert.equal(json.id, 'first');
    assert.equal(json.error, undefined);
  };
  return { stack, free };
}

test('more slow calls than slots: all are answered, and meanwhile the quick ones too', async (t) => {
  const stack = await startStack(t, { threads: 3, change: withTools(slowTool(150)) });
  const began = performance.now();
  let done = 0;
  const calls = Array.from({ length: 6 }, async (_, id) => {
    const answer = await stack.say(0, callOf(id, 'slow'));
    done++;
    return answer;
  });
  for (let n = 0; n < 3; n++) {
    assert.equal((await stack.say(0, ping(n))).status, 200);
    assert.equal((await stack.ask(0, 'GET', '/mcp')).status, 200);
    assert.equal((await stack.say(0, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status, 200);
  }
  assert.ok(done < 6, 'the quick ones did not wait');
  for (const [id, answer] of (await Promise.all(calls)).entries()) {
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.id, id);
    assert.equal(answer.json.result.isError, true);
  }
  assert.ok(performance.now() - began >= 890, 'one slot: one after the other');
});

test('beyond max_parked a call is refused: 503 with Retry-After', async (t) => {
  const stack = await startStack(t, { threads: 3, limits: { max_parked: 1 }, change: withTools(slowTool(600)) });
  const answers = await Promise.all(Array.from({ length: 5 }, (_, id) => stack.say(0, callOf(id, 'slow'))));
  const refused = answers.filter((one) => one.status === 503);
  assert.equal(refused.length, 3);
  for (const one of refused) {
    assert.ok(Number(one.headers['retry-after']) > 0);
    assert.equal(one.json.error.code, -31999);
    assert.ok([0, 1, 2, 3, 4].includes(one.json.id));
  }
  assert.equal(answers.filter((one) => one.status === 200).length, 2);
});

test('beyond max_parked_bytes too: by the text, and by what it becomes in memory', async (t) => {
  const { stack, free } = await startFull(t, { limits: { max_parked_bytes: 1 << 20 } });
  const withMore = (id, more) => {
    const call = callOf(id, 'count_clients');
    call.params._meta = { more };
    return call;
  };
  const long = await stack.say(0, withMore('long', 'x'.repeat(2 << 20)));
  const many = await stack.say(0, withMore('many', Array(5000).fill(0)));
  const small = stack.say(0, withMore('small', 'x'));
  assert.deepEqual([long.status, many.status], [503, 503]);
  assert.deepEqual([long.json.id, many.json.id], ['long', 'many']);
  await free();
  assert.equal((await small).status, 200);
});

test('and so it is on streams: the refusal travels in the dialect of each', async (t) => {
  const { stack, free } = await startFull(t, { limits: { max_parked: 0 } });
  const stream = await stack.greeted();
  assert.equal((await stack.say(0, callOf('official', 'hold'), { uri: stream.endpoint })).status, 202);
  const { json } = await stream.next('message');
  assert.equal(json.id, 'official');
  assert.equal(json.error.code, -31999);

  const answer = await stack.say(0, { ...callOf('seed', 'hold'), connection_id: stream.id }, { uri: '/mcp/sse/message' });
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.deepEqual(Object.keys(answer.json), ['error', 'timestamp']);
  await free();
});

test('who waits too long for a slot is refused', async (t) => {
  const stack = await startStack(t, { threads: 3, limits: { parked_ms: 100 }, change: withTools(slowTool(800)) });
  const began = performance.now();
  const answers = [];
  const calls = [1, 2].map((id) =>
    stack.say(0, callOf(id, 'slow')).then((one) => answers.push([one.status, performance.now() - began])),
  );
  await Promise.all(calls);
  assert.deepEqual(answers.map(([status]) => status), [503, 200]);
  assert.ok(answers[0][1] < 700);
});

test('and where its stream has begun meanwhile, there', async (t) => {
  const { stack, free } = await startFull(t, { limits: { parked_ms: 4000 } });
  const params = { name: 'hold', arguments: {} };
  const meta = { progressToken: 'p' };
  const session = await openSession(stack);
  const requests = [
    await begin(stack, 0, 'tools/call', params, { id: 7, meta }),
    await session.begin(0, 'tools/call', { ...params, _meta: meta }, { id: 7 }),
  ];
  for (const request of requests) {
    assert.equal((await request.answer).status, 200);
    const messages = request.events.all.filter((one) => one.data).map((one) => JSON.parse(one.data));
    assert.equal(messages[0].method, 'notifications/progress');
    assert.deepEqual([messages.at(-1).id, messages.at(-1).error?.code], [7, -31999]);
    await request.connection.close();
  }
  const headers = { ...session.headers, 'Last-Event-ID': requests[1].events.all.at(-1).id };
  assert.equal((await stack.stream({ path: '/mcp', headers })).status, 204, 'nothing is to come');
  await free();
});

// Somebody calls while the slot is taken, and goes. -> how often it was run
async function callAndGo({ stack, free }, options) {
  const gone = await stack.connect();
  const leaving = gone.post('/mcp', callOf(2, 'leave_trace', { email: 'gone@trace.example' }), options).answer;
  leaving.catch(() => {});
  await stack.say(0, ping(3));
  await gone.close();
  await free();
  const { result } = await stack.call(0, 'tools/call', { name: 'count_traces' }); // it waits behind the others
  return result.content[0].text;
}

test('a call whose caller left while it waited is not run', async (t) => {
  const full = await startFull(t, { tools: traceTools });
  assert.equal(await callAndGo(full), '0');
});

test("but a session's caller that left has not cancelled", async (t) => {
  const full = await startFull(t, { tools: traceTools });
  const headers = { 'Mcp-Session-Id': await full.stack.initialize(0) };
  assert.equal(await callAndGo(full, { headers }), '1');
});

// --- kept connections ----------------------------------------------------------------

test('a kept connection serves many requests', async (t) => {
  const stack = await startStack(t);
  const kept = await stack.connect();
  for (let id = 0; id < 500; id++) assert.equal((await kept.post('/mcp', ping(id)).answer).json.id, id);
  for (const body of ['{', '[]', '{}']) assert.equal((await kept.post('/mcp', body).answer).status, 400);
  assert.equal((await kept.post('/mcp', ping('last')).answer).json.id, 'last');
});

test('a connection that is not to be kept is closed after its answer', async (t) => {
  const stack = await startStack(t);
  const once = await stack.connect();
  assert.equal((await once.post('/mcp', ping(1), { keep: false }).answer).status, 200);
  await once.closed;
});

test('64 kept connections on 3 threads are all served, again and again', async (t) => {
  const stack = await startStack(t, { threads: 3 });
  const kept = await Promise.all(Array.from({ length: 64 }, () => stack.connect()));
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(kept.map((one, n) => one.post('/mcp', ping(`${round}.${n}`)).answer));
    for (const [n, answer] of answers.entries()) assert.equal(answer.json.id, `${round}.${n}`);
  }
  const params = { name: 'get_client', arguments: { email: 'test@example.com' } };
  const tools = kept.map((one, id) => one.post('/mcp', { jsonrpc: '2.0', id, method: 'tools/call', params }).answer);
  for (const answer of await Promise.all(tools)) assert.equal(answer.status, 200);
});

// 2025-11-25: an answer that is a stream can be resumed: each event is the
// broker's first, and a GET with its id gets what came after, from any process.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { until } from '../lib/stack.mjs';
import { begin, file, modern, openClient, openSession, result, startFixture, touch, written } from './fixture/fixture.mjs';

const stack = await startFixture({ after }, { workers: 3, limits: { retry_ms: 1234 } });
const progress = (name, args) => ['tools/call', { name, arguments: args, _meta: { progressToken: 'p' } }];
const held = (go) => progress('report', { n: 4, pause: 2, until: go });
const said = (events) => events.filter((one) => one.data).map((one) => JSON.parse(one.data));
const isResult = (one) => /"(result|error)"/.test(one.data);

// An answer with two events out of four, and what lets it go on.
async function half(options, i = 0) {
  const session = await openSession(stack, options);
  const go = file(stack);
  const request = await session.begin(i, ...held(go));
  for (let n = 1; n <= 2; n++) await request.next((one) => one.data);
  return { session, request, go: () => touch(go), ids: request.events.all.map((one) => one.id) };
}

const tail = (id) => [
  { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 3, total: 4 } },
  { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 4, total: 4 } },
  { jsonrpc: '2.0', result: { content: [{ type: 'text', text: 'reported 4' }] }, id },
];

// --- the stream ----------------------------------------------------------------------------

test('it begins with an event that has an id and no data, and says when to come back', async () => {
  const { request, go } = await half();
  const [first, ...rest] = request.events.all;
  assert.match(first.id, /^[0-9a-f-]+\.0$/);
  assert.equal(first.data, '');
  assert.equal(first.retry, '1234');
  const [name] = first.id.split('.');
  assert.deepEqual(rest.map((one) => one.id), [`${name}.1`, `${name}.2`]);
  go();
  const answer = await request.answer;
  assert.equal(answer.headers['x-accel-buffering'], 'no');
  assert.deepEqual(said(request.events.all).slice(2), tail(request.id));
  assert.equal(request.events.all.at(-1).id, `${name}.5`);
});

test('the ids of two answers are never the same', async () => {
  const session = await openSession(stack);
  const ids = new Set();
  for (let n = 0; n < 3; n++) {
    const request = await session.begin(n, ...progress('report', {}));
    await request.answer;
    for (const one of request.events.all) ids.add(one.id);
  }
  assert.equal(ids.size, 15);
});

test('before 2025-11-25, without a session, and from 2026-07-28 on there are no ids', async () => {
  for (const protocolVersion of ['2025-03-26', '2025-06-18']) {
    const session = await openSession(stack, { protocolVersion });
    const request = await session.begin(0, ...progress('report', {}));
    await request.answer;
    assert.equal(said(request.events.all).length, 4);
    assert.ok(request.events.all.every((one) => one.id === undefined && one.retry === undefined));
  }
  const connection = await stack.connect();
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: progress('report', {})[1] };
  const plain = connection.post('/mcp', message, { headers: { 'MCP-Protocol-Version': '2025-11-25' } });
  await plain.answer;
  assert.ok(plain.events.all.every((one) => one.id === undefined));
  const answer = await modern(stack, 0, 'tools/call', { name: 'report' }, { meta: { progressToken: 'p' } });
  assert.doesNotMatch(answer.text, /^(id|retry):/m);
});

test('an answer without events is JSON, and has none', async () => {
  const session = await openSession(stack);
  const answer = await (await session.begin(0, 'tools/call', { name: 'report', arguments: {} })).answer;
  assert.match(answer.headers['content-type'], /^application\/json/);
});

// --- broken and resumed ------------------------------------------------------------------------

test('who breaks off after the second event gets the rest, and the stream ends', async () => {
  const { session, request, go, ids } = await half();
  await request.connection.close();
  go();
  const rest = await session.stream(ids[2]);
  await rest.next(isResult);
  await rest.ended;
  assert.deepEqual(said(rest.events.all), tail(request.id));
  assert.equal(rest.events.all.filter((one) => one.data)[0].id, ids[2].replace(/2$/, '3'));
});

test('who comes back before there is more hears it as it happens', async () => {
  const { session, request, go, ids } = await half();
  await request.connection.close();
  const rest = await session.stream(ids[2]);
  go();
  await rest.next(isResult);
  await rest.ended;
  assert.deepEqual(said(rest.events.all), tail(request.id));
});

test('who comes back with an earlier id hears again what came after it', async () => {
  const { session, request, go, ids } = await half();
  await request.connection.close();
  go();
  for (const [n, id] of ids.entries()) {
    const rest = await session.stream(id);
    await rest.ended;
    assert.equal(said(rest.events.all).length, 5 - n);
    assert.equal(said(rest.events.all)[0].params.progress, n + 1);
  }
});

test('who comes back twice gets the same; who has it all is told to stop asking', async () => {
  const { session, request, go, ids } = await half();
  await request.connection.close();
  go();
  for (let n = 0; n < 2; n++) {
    const rest = await session.stream(ids[2]);
    await rest.ended;
    assert.deepEqual(said(rest.events.all), tail(request.id));
  }
  const headers = { ...session.headers, 'Last-Event-ID': ids[2].replace(/2$/, '5') };
  assert.equal((await stack.stream({ path: '/mcp', headers })).status, 204);
});

test('what a reader has taken over is not written to the first connection too', async () => {
  const { session, request, go, ids } = await half();
  const rest = await session.stream(ids[2]);
  go();
  await rest.next(isResult);
  await request.answer;
  assert.equal(said(request.events.all).length, 2, 'its connection ends with what it had');
  assert.deepEqual(said(rest.events.all), tail(request.id));
});

test('several answers of one session are resumed each by its own id', async () => {
  const session = await openSession(stack);
  const go = file(stack);
  const requests = [await session.begin(0, ...held(go)), await session.begin(1, ...held(go)), await session.begin(2, ...held(go))];
  const ids = [];
  for (const request of requests) {
    await request.next((one) => one.data);
    ids.push((await request.next((one) => one.data)).id);
    await request.connection.close();
  }
  touch(go);
  for (const [n, id] of ids.entries()) {
    const rest = await session.stream(id);
    await rest.ended;
    assert.deepEqual(said(rest.events.all), tail(requests[n].id));
  }
});

test('the stream of the session itself is another one', async () => {
  const { session, request, go, ids } = await half();
  const own = await session.stream();
  await request.connection.close();
  const rest = await session.stream(ids[2]);
  go();
  await rest.ended;
  const told = await stack.call(1, 'tools/call', { name: 'tell', arguments: { kind: 'tools' } });
  assert.ok(Number(told.result.content[0].text) >= 1);
  assert.equal((await own.next('message')).json.method, 'notifications/tools/list_changed');
  assert.equal(said(own.events.all).length, 1);
});

test("another session's or another subject's reader gets nothing of it", async () => {
  const { request, go, ids } = await half({ user: 'alice' });
  for (const user of ['alice', 'bob']) {
    const other = await openSession(stack, { user });
    const stream = await other.stream(ids[0]);
    await stack.call(1, 'tools/call', { name: 'tell', arguments: { kind: 'tools' } });
    await stream.next('message');
    assert.deepEqual(said(stream.events.all).map((one) => one.method), ['notifications/tools/list_changed']);
    await stream.close();
  }
  go();
  await request.answer;
  assert.deepEqual(said(request.events.all).slice(2), tail(request.id), 'nobody has taken it over');
});

test('an id nobody knows is no error: the stream of the session opens', async () => {
  const session = await openSession(stack);
  for (const id of ['nonsense', '00000000-0000-4000-8000-000000000000.3', `${'x'.repeat(500)}.1`, '.', '1.1']) {
    await (await session.stream(id)).close();
  }
});

test('with the session its answers end', async () => {
  const { session, request, go, ids } = await half();
  const rest = await session.stream(ids[2]);
  assert.equal((await session.end(1)).status, 204);
  await rest.ended;
  const late = await stack.stream({ path: '/mcp', headers: { ...session.headers, 'Last-Event-ID': ids[2] } });
  assert.equal(late.status, 404);
  go();
  await request.answer;
});

// --- without ids --------------------------------------------------------------------------------------

test('where nothing may be parked an answer goes without ids', async (t) => {
  const site = await startFixture(t, { limits: { resume_ms: 0 } });
  const request = await (await openSession(site)).begin(0, ...progress('report', {}));
  await request.answer;
  assert.equal(said(request.events.all).length, 4);
  assert.ok(request.events.all.every((one) => one.id === undefined));
});

test('and where the broker is away', async (t) => {
  const site = await startFixture(t);
  const session = await openSession(site);
  await site.broker.kill();
  const request = await session.begin(0, ...progress('report', {}));
  await request.answer;
  assert.equal(said(request.events.all).length, 4);
  assert.ok(request.events.all.every((one) => one.id === undefined));
});

// --- let go ----------------------------------------------------------------------------------------------

test('a handler lets its caller go, who comes back for the answer', async () => {
  const session = await openSession(stack);
  const [begun, go] = [file(stack), file(stack)];
  const request = await session.begin(0, 'tools/call', { name: 'release', arguments: { begun, until: go } });
  await request.answer;
  assert.equal(await written(begun), 'released');
  const [event] = request.events.all;
  assert.equal(request.events.all.length, 1);
  assert.match(event.id, /\.0$/);
  assert.equal(event.retry, '1234');

  const ping = await request.connection.post('/mcp', { jsonrpc: '2.0', id: 2, method: 'ping' }).answer;
  assert.deepEqual(ping.json.result, {}, 'the connection is free');
  const early = await session.stream(event.id);
  await early.close();
  touch(go);
  const rest = await session.stream(event.id);
  assert.equal((await rest.next(isResult)).json.result.content[0].text, 'released');
  assert.equal(rest.events.all.at(-1).id, event.id.replace(/0$/, '1'));
  await rest.ended;
});

test('who could not come back is kept', async () => {
  const release = { name: 'release', arguments: {} };
  for (const protocolVersion of ['2025-03-26', '2025-06-18']) {
    const answer = await (await openSession(stack, { protocolVersion })).call(0, 'tools/call', release);
    assert.equal(answer.result.content[0].text, 'kept');
  }
  const session = await openSession(stack);
  const json = await session.call(0, 'tools/call', release, { headers: { Accept: 'application/json' } });
  assert.equal(json.result.content[0].text, 'kept');
  assert.equal((await result(stack, 0, 'tools/call', release)).content[0].text, 'kept');
  assert.equal((await stack.call(0, 'tools/call', release)).result.content[0].text, 'kept');
  const client = await openClient(stack);
  assert.equal((await client.call(0, 'tools/call', release)).result.content[0].text, 'kept');
});

// --- the end of its session ---------------------------------------------------------------------------

test('all answers of a session go with it, and no others', async (t) => {
  const site = await startFixture(t);
  const parked = async () => (await site.status()).streams.parked;
  const [ends, stays] = [await openSession(site), await openSession(site)];
  const answer = async (session) => {
    const request = await session.begin(0, ...progress('report', {}));
    await request.answer;
    return request.events.all[0].id;
  };
  for (let n = 0; n < 3; n++) await answer(ends);
  const id = await answer(stays);
  await until('all are complete', async () => (await parked()) === 4);
  await ends.end(0);
  await until('three are gone', async () => (await parked()) === 1);
  const rest = await stays.stream(id);
  await rest.ended;
  assert.equal(said(rest.events.all).length, 4);
});

// --- what takes seconds ------------------------------------------------------------------------------------

describe('slow', { concurrency: true }, () => {
  test('slow: the worker is killed after the second event: who resumes has an answer', async (t) => {
    const site = await startFixture(t, { workers: 2 });
    const session = await openSession(site);
    const request = await session.begin(0, ...held(file(site)));
    for (let n = 1; n <= 2; n++) await request.next((one) => one.data);
    const { id } = request.events.all.at(-1);
    await site.workers[0].kill();
    await assert.rejects(request.answer);
    const rest = await session.stream(id);
    const { json } = await rest.next(isResult, 10000);
    assert.equal(json.id, request.id);
    assert.equal(json.error.code, -32603);
    await rest.ended;
  });

  test('slow: a call of which nothing is heard tells its progress by itself after 3 s', async (t) => {
    const site = await startFixture(t, { workers: 2 });
    const go = file(site);
    const session = await openSession(site);
    const old = await openSession(site, { protocolVersion: '2025-03-26' });
    const args = { until: go };
    const slow = [
      await session.begin(0, ...progress('hold', args)),
      await old.begin(0, ...progress('hold', args)),
      await begin(site, 1, 'tools/call', { name: 'hold', arguments: args }, { meta: { progressToken: 'p' } }),
    ];
    const silent = await session.begin(0, 'tools/call', { name: 'hold', arguments: args });
    const json = await session.begin(0, ...progress('hold', args), { headers: { Accept: 'application/json' } });
    const began = performance.now();
    for (const request of slow) {
      const { params } = (await request.next((one) => one.data, 10000)).json;
      assert.equal(params.progressToken, 'p');
      assert.ok(params.progress > 2.5 && params.progress < 6, `${params.progress}`);
    }
    assert.ok(performance.now() - began > 2500);
    for (const request of slow) await request.next((one) => 'comment' in one, 10000);
    touch(go);
    for (const request of slow) assert.equal((await request.next(isResult)).json.result.content[0].text, 'held');
    for (const request of [silent, json]) assert.match((await request.answer).headers['content-type'], /^application\/json/);
  });
});

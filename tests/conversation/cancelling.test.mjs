// Up to 2025-11-25 a client takes a request back by notifications/cancelled: in
// whatever process it runs, it stops, and no answer is sent afterwards.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { slowTool, until } from '../lib/stack.mjs';
import { accept, ALL, file, lines, openClient, openSession, startFixture, touch, written } from './fixture/fixture.mjs';

const SOON = 500; // milliseconds; usually it takes 2
const stack = await startFixture({ after }, { workers: 3, change: (config) => void config.tools.push(slowTool(30000)) });
const tool = (name, args, meta) => ['tools/call', { name, arguments: args, ...(meta && { _meta: meta }) }];
const runs = (begun) => written(begun);

// What the worker's log says of calls to this tool, once there is one more.
const logged = (i, name) => stack.workers[i].stderr.match(new RegExp(` name=${name} `, 'g'))?.length ?? 0;

async function measured(t, what) {
  const began = performance.now();
  const found = await what();
  const took = performance.now() - began;
  t.diagnostic(`${took.toFixed(1)} ms`);
  assert.ok(took < SOON, `${took} ms`);
  return found;
}

// --- with a session --------------------------------------------------------------------------

test('a statement that runs is stopped from another process, and its POST ends without an answer', async (t) => {
  const session = await openSession(stack);
  const request = await session.begin(0, ...tool('slow'), { id: 'slow' });
  await until('it runs', async () => (await stack.status()).processes.some((one) => one.running > 0));
  const answer = await measured(t, async () => {
    await session.cancel(1, 'slow');
    return request.answer;
  });
  assert.equal(answer.status, 202);
  assert.equal(answer.text, '');
  assert.equal(answer.headers['content-type'], undefined);
});

test('a handler that sleeps is woken', async (t) => {
  for (const id of [7, 'seven', 9007199254740993]) {
    const [begun, ended] = [file(stack), file(stack)];
    const session = await openSession(stack);
    const request = await session.begin(0, ...tool('nap', { ms: 30000, begun, ended }), { id });
    await runs(begun);
    await measured(t, async () => {
      await session.cancel(2, id);
      assert.equal((await request.answer).status, 202);
    });
    assert.equal(await written(ended), 'woken');
  }
});

test('an answer that has begun as a stream ends without a response', async () => {
  for (const protocolVersion of ['2025-06-18', '2025-11-25']) {
    const session = await openSession(stack, { protocolVersion });
    const request = await session.begin(0, ...tool('report', { n: 3, pause: 2, until: file(stack) }, { progressToken: 'p' }));
    for (let n = 1; n <= 2; n++) await request.next((one) => /"progress":/.test(one.data));
    await session.cancel(1, request.id);
    const answer = await request.answer;
    assert.equal(answer.status, 200);
    assert.equal(request.events.all.filter((one) => one.data).length, 2);
  }
});

test('and who comes back for it is told nothing either', async () => {
  const session = await openSession(stack);
  const request = await session.begin(0, ...tool('report', { n: 3, pause: 2, until: file(stack) }, { progressToken: 'p' }));
  await request.next((one) => /"progress":2/.test(one.data));
  const last = request.events.all.at(-1).id;
  await session.cancel(1, request.id);
  await request.answer;
  const headers = { Accept: 'text/event-stream', ...session.headers, 'Last-Event-ID': last };
  const rest = await stack.stream({ path: '/mcp', headers });
  assert.equal(rest.status, 204, 'all of it was read: no more to come, and no reason to ask again');
});

test('the client that is being asked takes its call back', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const request = await session.begin(0, ...tool('ask_forms'));
  const asked = await request.next((one) => /"method"/.test(one.data));
  await session.cancel(1, request.id);
  await request.answer;
  assert.ok(!request.events.all.some((one) => /"(result|error)"/.test(one.data)));
  await session.answer(1, asked.json.id, accept('too late'));
});

test('a call that waits for its slot is not run', async (t) => {
  const small = await startFixture(t, { workers: 2, slots: 1 });
  const session = await openSession(small);
  const [begun, go, deed] = [file(small), file(small), file(small)];
  const first = await session.begin(0, ...tool('hold', { begun, until: go }));
  await runs(begun);
  const second = await session.begin(0, ...tool('hold', { begun: deed }));
  await session.cancel(0, second.id); // which is heard before it is answered
  touch(go);
  assert.equal((await first.answer).status, 200);
  assert.equal((await second.answer).status, 202);
  assert.deepEqual(lines(deed), []);
});

test('a cancel that comes before its request stops it', async () => {
  const session = await openSession(stack);
  const deed = file(stack);
  await session.cancel(0, 'early');
  const here = await session.begin(0, ...tool('hold', { begun: deed, until: file(stack) }), { id: 'early' });
  assert.equal((await here.answer).status, 202);
  assert.deepEqual(lines(deed), [], 'it was not even begun');

  await session.cancel(1, 'elsewhere');
  const there = await session.begin(0, ...tool('hold', { until: file(stack) }), { id: 'elsewhere' });
  assert.equal((await there.answer).status, 202);
  assert.deepEqual((await session.call(0, 'ping', {}, { id: 'another' })).result, {});
});

test('the id is meant to the letter: 1 is not "1"', async () => {
  const session = await openSession(stack);
  const [begun, go] = [file(stack), file(stack)];
  const request = await session.begin(0, ...tool('hold', { begun, until: go }), { id: 1 });
  await runs(begun);
  for (const id of ['1', 2, '', null, { id: 1 }]) await session.cancel(0, id);
  await session.tell(0, { method: 'notifications/cancelled' });
  await session.tell(0, { method: 'notifications/cancelled', params: [1] });
  touch(go);
  assert.equal((await request.answer).json.result.content[0].text, 'held');
});

test("another session's cancel, or another subject's, stops nothing", async () => {
  const session = await openSession(stack, { user: 'alice' });
  const [begun, go] = [file(stack), file(stack)];
  const request = await session.begin(0, ...tool('hold', { begun, until: go }), { id: 5 });
  await runs(begun);
  for (const user of ['alice', 'bob']) {
    const other = await openSession(stack, { user });
    for (const i of [0, 1]) await other.cancel(i, 5);
  }
  const stolen = await stack.say(1, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } }, {
    headers: session.headers,
    user: 'bob',
  });
  assert.equal(stolen.status, 404);
  touch(go);
  assert.equal((await request.answer).json.result.content[0].text, 'held');
});

test('a connection that breaks has cancelled nothing', async () => {
  const session = await openSession(stack);
  const [begun, go, ended] = [file(stack), file(stack), file(stack)];
  const request = await session.begin(0, ...tool('hold', { begun, until: go, ended }));
  await runs(begun);
  // one that has, looked at after it
  const [other, noticed] = [file(stack), file(stack)];
  const connection = await stack.connect(0);
  const params = { name: 'hold', arguments: { begun: other, until: go, ended: noticed } };
  connection.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  await runs(other);
  await Promise.all([request.connection.close(), connection.close()]);
  assert.equal(await written(noticed), 'cancelled');
  touch(go);
  assert.equal(await written(ended), 'finished');
});

test('without a session a connection that closes has cancelled', async () => {
  const [begun, ended] = [file(stack), file(stack)];
  const connection = await stack.connect(0);
  connection.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'nap', arguments: { ms: 30000, begun, ended } } });
  await runs(begun);
  await connection.close();
  assert.equal(await written(ended), 'woken');
});

// --- on streams ------------------------------------------------------------------------------------

for (const seed of [false, true]) {
  const kind = seed ? "the seed's stream" : 'HTTP+SSE';

  test(`${kind}: what is cancelled stops, and the stream is told nothing of it`, async (t) => {
    const client = await openClient(stack, { seed });
    const [begun, ended] = [file(stack), file(stack)];
    const { id, posted } = await client.begin(0, ...tool('nap', { ms: 30000, begun, ended }));
    await runs(begun);
    const before = logged(0, 'nap');
    await measured(t, async () => {
      await client.cancel(1, id);
      await written(ended);
    });
    assert.equal(lines(ended)[0], 'woken');
    const answer = await posted;
    if (seed) assert.equal(answer.json.status, 'sent');
    await until('its call is over', () => logged(0, 'nap') > before);
    const count = client.stream.events.all.filter((one) => /message|mcp_response/.test(one.event)).length;
    await client.call(0, 'ping');
    assert.equal(client.stream.events.all.filter((one) => /message|mcp_response/.test(one.event)).length, count + 1);
    assert.equal((await stack.status()).admissions ?? 0, 0, 'it owes no answer');
  });

  test(`${kind}: somebody else's cancel stops nothing`, async () => {
    const client = await openClient(stack, { seed, user: 'alice' });
    const other = await openClient(stack, { seed, user: 'alice' });
    const [begun, go] = [file(stack), file(stack)];
    const { id } = await client.begin(0, ...tool('hold', { begun, until: go }));
    await runs(begun);
    await other.cancel(0, id);
    await other.cancel(1, id);
    touch(go);
    assert.equal((await client.next(id)).result.content[0].text, 'held');
  });
}

test('while the broker is away a cancel works in its own process', async (t) => {
  const alone = await startFixture(t);
  const session = await openSession(alone);
  const [begun, ended] = [file(alone), file(alone)];
  const request = await session.begin(0, ...tool('nap', { ms: 30000, begun, ended }));
  await runs(begun);
  await alone.broker.kill();
  await session.cancel(0, request.id);
  assert.equal((await request.answer).status, 202);
  assert.equal(await written(ended), 'woken');
});

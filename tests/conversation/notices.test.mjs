// What a session has set, and what it is told of: levels, subscriptions, lists.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openClient, openSession, startFixture } from './fixture/fixture.mjs';

const WATCHED = 'fixture://watched';
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const stack = await startFixture({ after }, { workers: 3 });
const logAll = ['tools/call', { name: 'log_all' }];
const tell = async (i, args) => Number((await stack.call(i, 'tools/call', { name: 'tell', arguments: args })).result.content[0].text);
const levels = (events) => events.filter((one) => /"notifications\/message"/.test(one.data)).map((one) => JSON.parse(one.data).params.level);
const updated = { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: WATCHED } };

// --- logging/setLevel ----------------------------------------------------------------------

test('a session that has set a level is told from there on, in every process', async () => {
  for (const protocolVersion of ['2025-03-26', '2025-06-18', '2025-11-25']) {
    const session = await openSession(stack, { protocolVersion });
    for (const level of ['debug', 'warning', 'emergency']) {
      assert.deepEqual((await session.call(0, 'logging/setLevel', { level })).result, {});
      const request = await session.begin(1, ...logAll);
      await request.answer;
      assert.deepEqual(levels(request.events.all), LEVELS.slice(LEVELS.indexOf(level)));
      assert.equal(JSON.parse(request.events.all.at(-1).data).result.content[0].text, 'logged');
    }
  }
});

test('a message has level, logger and data', async () => {
  const session = await openSession(stack);
  await session.call(0, 'logging/setLevel', { level: 'emergency' });
  const request = await session.begin(0, ...logAll);
  const { json } = await request.next((one) => one.data);
  assert.deepEqual(json, {
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'emergency', logger: 'fixture', data: { a: 1 } },
  });
});

for (const seed of [false, true]) {
  test(`on ${seed ? "the seed's stream" : 'HTTP+SSE'} likewise, on the stream`, async () => {
    const client = await openClient(stack, { seed });
    await client.call(0, ...logAll);
    assert.deepEqual(levels(client.stream.events.all), []);
    assert.deepEqual((await client.call(1, 'logging/setLevel', { level: 'error' })).result, {});
    await client.call(2, ...logAll);
    assert.deepEqual(levels(client.stream.events.all), ['error', 'critical', 'alert', 'emergency']);
  });
}

test('who has set none is told none; who has no session can set none', async () => {
  const session = await openSession(stack);
  assert.equal((await (await session.begin(0, ...logAll)).answer).headers['content-type'], 'application/json');
  assert.deepEqual((await stack.call(0, 'logging/setLevel', { level: 'debug' })).result, {});
  assert.equal((await (await session.begin(0, ...logAll)).answer).headers['content-type'], 'application/json');
});

test('one session’s level is not another’s', async () => {
  const [one, other] = [await openSession(stack), await openSession(stack)];
  await one.call(0, 'logging/setLevel', { level: 'alert' });
  await other.call(0, 'logging/setLevel', { level: 'emergency' });
  const requests = [await one.begin(1, ...logAll), await other.begin(1, ...logAll)];
  await Promise.all(requests.map((request) => request.answer));
  assert.deepEqual(requests.map((request) => levels(request.events.all).length), [2, 1]);
});

test('a level nobody knows is -32602', async () => {
  const session = await openSession(stack);
  for (const params of [{ level: 'loud' }, { level: 'Debug' }, { level: 1 }, {}, undefined]) {
    assert.equal((await session.call(0, 'logging/setLevel', params)).error.code, -32602);
  }
});

// --- resources/subscribe -------------------------------------------------------------------------

test('who has subscribed is told on the stream of its session, whoever saw the change', async () => {
  const session = await openSession(stack);
  const stream = await session.stream();
  assert.deepEqual((await session.call(0, 'resources/subscribe', { uri: WATCHED })).result, {});
  assert.equal(await tell(1, { uri: WATCHED }), 1);
  assert.equal(await tell(2, { uri: 'crm://clients' }), 0);
  const event = await stream.next('message');
  assert.deepEqual(event.json, updated);
  assert.match(event.id, /\.1$/, 'it can be come back for');

  await session.call(1, 'resources/subscribe', { uri: WATCHED });
  assert.equal(await tell(0, { uri: WATCHED }), 1, 'twice is once');
  await stream.next('message');
  assert.deepEqual((await session.call(2, 'resources/unsubscribe', { uri: WATCHED })).result, {});
  assert.equal(await tell(0, { uri: WATCHED }), 0);
  assert.deepEqual((await session.call(2, 'resources/unsubscribe', { uri: WATCHED })).result, {});
});

for (const seed of [false, true]) {
  test(`on ${seed ? "the seed's stream" : 'HTTP+SSE'} likewise`, async () => {
    const client = await openClient(stack, { seed });
    assert.deepEqual((await client.call(0, 'resources/subscribe', { uri: WATCHED })).result, {});
    assert.equal(await tell(1, { uri: WATCHED }), 1);
    assert.deepEqual(await client.next('notifications/resources/updated'), updated);
    await client.call(2, 'resources/unsubscribe', { uri: WATCHED });
    assert.equal(await tell(1, { uri: WATCHED }), 0);
  });
}

test('a resource of a template may be subscribed to, one that is none may not', async () => {
  const session = await openSession(stack);
  assert.deepEqual((await session.call(0, 'resources/subscribe', { uri: 'crm://clients/1' })).result, {});
  for (const uri of ['crm://nothing', '']) {
    const answer = await session.call(0, 'resources/subscribe', { uri });
    assert.equal(answer.error.code, -32602);
    assert.deepEqual(answer.error.data, { uri });
  }
  assert.equal((await session.call(0, 'resources/subscribe', {})).error.code, -32602);
});

test('without a session there is nobody to tell', async () => {
  assert.equal((await stack.call(0, 'resources/subscribe', { uri: WATCHED })).error.code, -32600);
});

test('a session that has ended is told nothing', async () => {
  const session = await openSession(stack);
  const stream = await session.stream();
  await session.call(0, 'resources/subscribe', { uri: WATCHED });
  assert.equal(await tell(1, { uri: WATCHED }), 1);
  await stream.next('message');
  assert.equal((await session.end(1)).status, 204);
  assert.equal(await tell(1, { uri: WATCHED }), 0);
  await stream.ended;
});

// --- lists -------------------------------------------------------------------------------------------

test('a changed list is told on every kind of stream that has shaken hands', async (t) => {
  const site = await startFixture(t, { workers: 2 });
  const session = await openSession(site);
  const stream = await session.stream();
  const [client, seed] = [await openClient(site), await openClient(site, { seed: true })];
  const silent = await site.greeted();
  for (const kind of ['tools', 'prompts', 'resources']) {
    const answer = await site.call(1, 'tools/call', { name: 'tell', arguments: { kind } });
    assert.equal(answer.result.content[0].text, '3');
    const notice = { jsonrpc: '2.0', method: `notifications/${kind}/list_changed` };
    assert.deepEqual((await stream.next('message')).json, notice);
    for (const one of [client, seed]) assert.deepEqual(await one.next(notice.method), notice);
  }
  assert.ok(!silent.events.all.some((one) => one.event === 'message'));
});

test('the capabilities say so', async () => {
  const answer = await stack.call(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {} });
  assert.deepEqual(answer.result.capabilities, {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    completions: {},
    logging: {},
  });
});

// --- the stream of a session -------------------------------------------------------------------------------

test('a second GET takes over from the first', async () => {
  const session = await openSession(stack);
  await session.call(0, 'resources/subscribe', { uri: WATCHED });
  const first = await session.stream();
  await tell(0, { uri: WATCHED });
  await first.next('message');
  const second = await session.stream();
  await first.ended;
  assert.equal(await tell(0, { uri: WATCHED }), 1, 'once, not on both');
  assert.deepEqual((await second.next('message')).json, updated);
  assert.equal(second.events.all.filter((one) => one.event === 'message').length, 1, 'what was read is not told again');
});

test('what is told between two streams is there when the next one opens', async () => {
  const session = await openSession(stack);
  await session.call(0, 'resources/subscribe', { uri: WATCHED });
  const first = await session.stream();
  await first.close();
  await tell(0, { uri: WATCHED });
  const second = await session.stream();
  assert.deepEqual((await second.next('message')).json, updated);
});

test('no answer to a request travels on the stream of a session', async () => {
  const session = await openSession(stack);
  const stream = await session.stream();
  await session.call(0, 'logging/setLevel', { level: 'debug' });
  const request = await session.begin(0, ...logAll);
  await request.answer;
  await session.call(0, 'resources/subscribe', { uri: WATCHED });
  await tell(0, { uri: WATCHED });
  assert.deepEqual((await stream.next('message')).json, updated);
});

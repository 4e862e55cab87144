// 2026-07-28: subscriptions/listen. The stream is the broker's; what has changed
// is said by whatever worker.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack, until } from '../lib/stack.mjs';
import { assertError, begin, file, headersOf, listen, metaOf, MODERN, openClient, openSession, result, startFixture, touch, written } from './fixture/fixture.mjs';

const stack = await startFixture({ after }, { workers: 3, limits: { comment_ms: 100 } });
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const WATCHED = 'fixture://watched';

// Announce a change at worker i. -> how many were told
const tell = async (i, args, on = stack) => Number((await result(on, i, 'tools/call', { name: 'tell', arguments: args })).content[0].text);
const messages = (stream) => stream.events.all.filter((one) => one.event === 'message').map((one) => JSON.parse(one.data));

test('it is acknowledged first, with what is honoured, under the id of the request', async () => {
  for (const id of [1, 'a"b', Date.now(), 9007199254740993n]) {
    const raw = typeof id === 'bigint' ? `${id}` : JSON.stringify(id);
    const stream = await listen(stack, { toolsListChanged: true, resourceSubscriptions: [WATCHED], unheard: true }, { id: Number(id) || id });
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['x-accel-buffering'], 'no');
    assert.deepEqual(stream.acknowledged, {
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: {
        _meta: { [SUBSCRIPTION]: JSON.parse(raw) },
        notifications: { toolsListChanged: true, resourceSubscriptions: [WATCHED] },
      },
    });
    await stream.close();
  }
});

test('a change is told to those who asked for it, from whatever process', async () => {
  const tools = await listen(stack, { toolsListChanged: true }, { id: 't' });
  const prompts = await listen(stack, { promptsListChanged: true, resourcesListChanged: false }, { id: 'p' });
  const watched = await listen(stack, { resourceSubscriptions: [WATCHED, 'crm://clients'] }, { id: 'w' });
  assert.equal(await tell(0, { kind: 'tools' }), 1);
  assert.equal(await tell(1, { kind: 'prompts' }), 1);
  assert.equal(await tell(2, { kind: 'resources' }), 0);
  assert.equal(await tell(0, { uri: WATCHED }), 1);
  assert.equal(await tell(1, { uri: 'crm://clients/1' }), 0);

  const params = (id, more) => ({ ...more, _meta: { [SUBSCRIPTION]: id } });
  assert.deepEqual((await tools.next('message')).json, { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: params('t') });
  assert.deepEqual((await prompts.next('message')).json, { jsonrpc: '2.0', method: 'notifications/prompts/list_changed', params: params('p') });
  assert.deepEqual((await watched.next('message')).json, {
    jsonrpc: '2.0',
    method: 'notifications/resources/updated',
    params: params('w', { uri: WATCHED }),
  });
  for (const stream of [tools, prompts, watched]) {
    assert.equal(messages(stream).length, 2, 'the acknowledgement, and one change');
    assert.ok(stream.events.all.every((one) => one.id === undefined), 'nothing to come back for');
    await stream.close();
  }
});

test('many streams of one client are told each by its own id', async () => {
  const streams = await Promise.all([1, 2, 3, 'four'].map((id) => listen(stack, { toolsListChanged: true }, { id })));
  assert.equal(await tell(0, { kind: 'tools' }), 4);
  const ids = await Promise.all(streams.map(async (one) => (await one.next('message')).json.params._meta[SUBSCRIPTION]));
  assert.deepEqual(ids, [1, 2, 3, 'four']);
  await Promise.all(streams.map((one) => one.close()));
});

test('the eras before are told of the same change, each in its own words', async (t) => {
  const stack = await startFixture(t, { workers: 2 });
  const modern = await listen(stack, { toolsListChanged: true });
  const session = await openSession(stack);
  const own = await session.stream();
  const client = await openClient(stack);
  const seed = await openClient(stack, { seed: true });
  assert.equal(await tell(1, { kind: 'tools' }, stack), 4);
  await modern.next('message');
  assert.deepEqual((await own.next('message')).json, { jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  for (const one of [client, seed]) assert.ok(await one.next('notifications/tools/list_changed'));
  await Promise.all([modern, own, client.stream, seed.stream].map((one) => one.close()));
});

test('who closes it is told nothing more, and is forgotten', async () => {
  const stream = await listen(stack, { toolsListChanged: true });
  assert.equal(await tell(0, { kind: 'tools' }), 1);
  await stream.close();
  await until('nobody listens', async () => (await tell(0, { kind: 'tools' })) === 0);
  assert.equal((await stack.status()).streams.parked ?? 0, 0);
});

test('while nothing happens there are comments', async () => {
  const stream = await listen(stack, {});
  assert.deepEqual(stream.acknowledged.params.notifications, {});
  for (let n = 0; n < 2; n++) await stream.next((one) => 'comment' in one);
  await stream.close();
});

test('only what is offered is honoured', async (t) => {
  const small = await startStack(t, {
    change: (config) => {
      config.resources = config.resourceTemplates = config.prompts = [];
    },
  });
  const wanted = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: [WATCHED] };
  const stream = await listen(small, wanted);
  assert.deepEqual(stream.acknowledged.params.notifications, { toolsListChanged: true });
});

test('what is wrong is refused as a worker refuses it', async () => {
  const say = async (message, headers = headersOf(message)) => {
    const answer = await stack.http('POST', '/mcp', { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(message) });
    return answer;
  };
  const message = (params) => ({ jsonrpc: '2.0', id: 5, method: 'subscriptions/listen', params });
  const good = { notifications: {}, _meta: metaOf() };
  for (const [params, code] of [
    [undefined, -32602],
    [{ notifications: {} }, -32602],
    [{ _meta: metaOf() }, -32602],
    [{ ...good, notifications: [] }, -32602],
    [{ ...good, notifications: { toolsListChanged: 1 } }, -32602],
    [{ ...good, notifications: { resourceSubscriptions: 'x' } }, -32602],
    [{ ...good, notifications: { resourceSubscriptions: [1] } }, -32602],
    [{ ...good, _meta: metaOf({ 'io.modelcontextprotocol/protocolVersion': 'v999.0.0' }) }, -32020],
  ]) {
    const answer = await say(message(params));
    assertError(answer, 400, code);
    assert.equal(answer.json.id, 5);
  }
  const headers = headersOf(message(good));
  assertError(await say(message(good), { ...headers, 'MCP-Protocol-Version': '2025-06-18' }), 400, -32020);
  const version = { 'io.modelcontextprotocol/protocolVersion': 'v999.0.0' };
  const unknown = await say(message({ ...good, _meta: metaOf(version) }), { ...headers, 'MCP-Protocol-Version': 'v999.0.0' });
  assertError(unknown, 400, -32022);
  assert.equal(unknown.json.error.data.supported[0], MODERN);
  assertError(await say({ ...message(good), method: 'tools/list' }, headers), 400, -32020);
});

test('the header 2025-11-25 beside a _meta of 2026-07-28 is served by its _meta', async () => {
  const stream = await listen(stack, {}, { version: '2025-11-25' });
  assert.equal(stream.status, 200);
  await stream.close();
});

test('when the server goes, the request has its result', async (t) => {
  const brief = await startFixture(t);
  const stream = await listen(brief, { toolsListChanged: true }, { id: 'last' });
  await brief.broker.kill('SIGTERM');
  assert.deepEqual((await stream.next('message')).json, {
    jsonrpc: '2.0',
    result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 'last' } },
    id: 'last',
  });
  await stream.ended;
});

test('a plugin that crashes costs its process, and no stream', async (t) => {
  const site = await startFixture(t, { workers: 2 });
  const streams = [await listen(site, { toolsListChanged: true }), (await openClient(site)).stream, await (await openSession(site)).stream()];
  const [begun, go] = [file(site), file(site)];
  const lost = await begin(site, 0, 'tools/call', { name: 'crash', arguments: { begun, until: go } });
  await written(begun);
  touch(go);
  await assert.rejects(lost.answer, 'its caller sees a broken connection');
  assert.equal(await site.workers[0].exited, 'SIGABRT');
  assert.equal(await tell(1, { kind: 'tools' }, site), 3);
  for (const stream of streams) await stream.next('message');
  site.workers[0].kill(); // so that its end is no complaint
});

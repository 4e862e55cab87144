// 2026-07-28: every request says everything of itself, and is held to it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack } from '../lib/stack.mjs';
import { assertError, headersOf, metaOf, modern, MODERN, result, startFixture } from './fixture/fixture.mjs';

const VERSIONS = [MODERN, '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT = 'io.modelcontextprotocol/clientInfo';
const LEVEL = 'io.modelcontextprotocol/logLevel';
const stack = await startFixture({ after });
const bare = await startStack({ after }, {
  broker: false,
  change: (config) => {
    config.resources = config.resourceTemplates = config.prompts = [];
  },
});

// A message as it stands, with headers of its own.
const say = (message, headers, on = stack) => on.say(0, { jsonrpc: '2.0', ...message }, { headers: headersOf(message, headers) });
const without = (key) => {
  const meta = metaOf();
  delete meta[key];
  return meta;
};

// --- what a request says of itself ---------------------------------------------------

test('without _meta, version or capabilities it is invalid params, and the id comes back', async () => {
  for (const [id, params] of [
    [101, undefined],
    ['a', {}],
    [102, { _meta: [] }],
    [103, { _meta: without(VERSION) }],
    [104, { _meta: without(CAPABILITIES) }],
    [105, { _meta: { ...metaOf(), [VERSION]: 1 } }],
    [106, { _meta: { ...metaOf(), [CAPABILITIES]: 'x' } }],
  ]) {
    const answer = await say({ id, method: 'server/discover', params });
    assertError(answer, 400, -32602, /params\._meta/);
    assert.equal(answer.json.id, id);
  }
});

test('without clientInfo it is served', async () => {
  const answer = await say({ id: 1, method: 'server/discover', params: { _meta: without(CLIENT) } });
  assert.equal(answer.status, 200);
  assert.ok(answer.json.result);
});

test('a log level nobody knows and a progress token without form are invalid params', async () => {
  for (const wrong of [{ [LEVEL]: 'loud' }, { [LEVEL]: 1 }, { progressToken: {} }, { progressToken: 1.5 }, { progressToken: null }]) {
    const answer = await modern(stack, 0, 'tools/list', {}, { meta: wrong });
    if (wrong.progressToken === null) assert.equal(answer.status, 200);
    else assertError(answer, 400, -32602);
  }
  for (const fine of [{ [LEVEL]: 'emergency' }, { progressToken: 'p' }, { progressToken: 7 }]) {
    assert.equal((await modern(stack, 0, 'tools/list', {}, { meta: fine })).status, 200);
  }
});

test('a version that is not spoken is refused with those that are', async () => {
  for (const version of ['v999.0.0', '2099-01-01', '2025-11-25']) {
    const answer = await modern(stack, 0, 'server/discover', {}, {
      meta: { [VERSION]: version },
      headers: { 'MCP-Protocol-Version': version },
    });
    assertError(answer, 400, -32022);
    assert.deepEqual(answer.json.error.data, { supported: VERSIONS, requested: version });
  }
});

test('header and _meta that name different versions are a header mismatch', async () => {
  for (const [header, named] of [
    [MODERN, 'v999.0.0'],
    ['v999.0.0', MODERN],
    ['2025-06-18', MODERN],
    [null, MODERN],
    ['', MODERN],
  ]) {
    const answer = await modern(stack, 0, 'server/discover', {}, {
      meta: { [VERSION]: named },
      headers: { 'MCP-Protocol-Version': header },
    });
    assertError(answer, 400, -32020, /MCP-Protocol-Version/);
    assert.equal(answer.json.id, 1);
  }
});

test('the header 2025-11-25 beside a _meta of 2026-07-28 is served by its _meta', async () => {
  for (const version of ['2025-11-25', '2025-11-25, 2025-11-25']) {
    const found = await result(stack, 0, 'tools/list', {}, { headers: { 'MCP-Protocol-Version': version } });
    assert.equal(found.resultType, 'complete');
  }
});

test('a session that is named beside a _meta is not looked at', async () => {
  const found = await result(stack, 0, 'tools/list', {}, { headers: { 'Mcp-Session-Id': 'nonsense' } });
  assert.equal(found.resultType, 'complete');
});

// --- methods ---------------------------------------------------------------------------

test('methods that were removed, or never were, are 404 with -32601', async () => {
  const methods = ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'];
  for (const method of [...methods, 'tasks/list', 'tasks/result', 'unknown/method', 'notifications/cancelled', '']) {
    const answer = await modern(stack, 0, method, { level: 'info', uri: 'fixture://watched' }, { headers: { 'Mcp-Method': method } });
    if (method === '') assertError(answer, 400, -32020, /Mcp-Method/);
    else assertError(answer, 404, -32601);
    assert.equal(answer.json.id, 1);
  }
});

test('a list that was not declared does not exist; in the older eras it is empty', async () => {
  const { capabilities } = await result(bare, 0, 'server/discover');
  assert.deepEqual(Object.keys(capabilities), ['tools', 'logging']);
  for (const method of ['resources/list', 'resources/templates/list', 'resources/read', 'prompts/list', 'prompts/get', 'completion/complete', 'tasks/get']) {
    const params = { uri: 'x', name: 'x', taskId: 'x' };
    assertError(await modern(bare, 0, method, params), 404, -32601);
  }
  for (const [method, list] of [
    ['resources/list', 'resources'],
    ['resources/templates/list', 'resourceTemplates'],
    ['prompts/list', 'prompts'],
  ]) {
    assert.deepEqual((await bare.call(0, method)).result, { [list]: [] });
  }
});

test('a notification is accepted, a batch and a response of ours are not awaited', async () => {
  for (const method of ['notifications/cancelled', 'notifications/anything']) {
    const answer = await say({ method, params: { _meta: metaOf() } });
    assert.equal(answer.status, 202);
    assert.equal(answer.text, '');
  }
  const one = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: metaOf() } };
  const batch = await stack.say(0, [one], { headers: headersOf(one) });
  assert.equal(batch.status, 400);
});

test('subscriptions/listen at a worker is a header mismatch: the proxy did not see its header', async () => {
  const answer = await modern(stack, 0, 'subscriptions/listen', { notifications: {} });
  assertError(answer, 400, -32020, /Mcp-Method/);
});

test('params that are no object are invalid', async () => {
  for (const params of [[], [1]]) assertError(await say({ id: 1, method: 'tools/list', params }), 400, -32602);
});

// --- results ------------------------------------------------------------------------------

test('server/discover says who we are, what we speak and what we offer', async () => {
  const found = await result(stack, 0, 'server/discover');
  assert.deepEqual(found.supportedVersions, VERSIONS);
  assert.deepEqual(found.capabilities, {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    completions: {},
    logging: {},
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  });
  assert.equal(found.instructions, 'Look clients up before you write to them.');
});

test('every result says what it is and from whom', async () => {
  for (const [method, params] of [
    ['server/discover'],
    ['tools/list'],
    ['tools/call', { name: 'count_clients' }],
    ['tools/call', { name: 'get_client', arguments: {} }], // isError
    ['resources/list'],
    ['resources/templates/list'],
    ['resources/read', { uri: 'crm://clients' }],
    ['prompts/list'],
    ['prompts/get', { name: 'numbers' }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'numbers' }, argument: { name: 'many', value: '' } }],
  ]) {
    const found = await result(stack, 0, method, params);
    assert.equal(found.resultType, 'complete', method);
    assert.deepEqual(found._meta['io.modelcontextprotocol/serverInfo'], { name: 'example-crm', title: 'Example CRM', version: '1.0.0' });
    const cached = /discover|list$|read$/.test(method);
    assert.equal(Number.isInteger(found.ttlMs) && found.ttlMs >= 0, cached, method);
    assert.equal(/^(public|private)$/.test(found.cacheScope), cached, method);
  }
});

test('what may be kept, how long and by whom is what mcp.json says', async (t) => {
  const site = await startStack(t, {
    broker: false,
    change: (config) => {
      config.server.cache = { tools: { ttlMs: 5, cacheScope: 'public' }, discover: { ttlMs: 0 } };
      Object.assign(config.resources[0], { ttlMs: 7, cacheScope: 'public' });
    },
  });
  const of = async (...args) => {
    const { ttlMs, cacheScope } = await result(site, 0, ...args);
    return [ttlMs, cacheScope];
  };
  assert.deepEqual(await of('tools/list'), [5, 'public']);
  assert.deepEqual(await of('server/discover'), [0, 'private']);
  assert.deepEqual(await of('prompts/list'), [60000, 'private']);
  assert.deepEqual(await of('resources/read', { uri: 'crm://clients' }), [7, 'public']);
  assert.deepEqual(await of('resources/read', { uri: 'crm://clients/1' }), [0, 'private']);
});

test('nothing of this stands in an answer to the eras before', async () => {
  for (const method of ['ping', 'tools/list', 'resources/list']) {
    const { result: found } = await stack.call(0, method, {}, { headers: { 'MCP-Protocol-Version': '2025-11-25' } });
    for (const key of ['resultType', 'ttlMs', 'cacheScope', '_meta']) assert.ok(!(key in found), `${method} ${key}`);
  }
});

test('what is unknown is -32602 with HTTP 200, and a resource with its uri', async () => {
  assertError(await modern(stack, 0, 'tools/call', { name: 'nothing' }), 200, -32602);
  assertError(await modern(stack, 0, 'prompts/get', { name: 'nothing' }), 200, -32602);
  const answer = await modern(stack, 0, 'resources/read', { uri: 'test://nothing' });
  assertError(answer, 200, -32602);
  assert.deepEqual(answer.json.error.data, { uri: 'test://nothing' });
});

test('tools are listed in the same order each time', async () => {
  const names = async () => (await result(stack, 0, 'tools/list')).tools.map((tool) => tool.name);
  const first = await names();
  assert.deepEqual(await names(), first);
  assert.deepEqual(await names(), first);
});

test('who is refused as a modern client can still shake hands as an older one', async () => {
  const session = await stack.initialize(0, { protocolVersion: MODERN });
  const answer = await stack.say(0, { jsonrpc: '2.0', id: 5, method: 'tools/list' }, {
    headers: { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' },
  });
  assert.equal(answer.status, 200);
});

// Where clients deviate: each tolerance by its name, that it is served, that it
// is counted, and what happens where it is switched off.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack, until } from '../lib/stack.mjs';
import { assertError, headersOf, listen, metaOf, modern, result } from './fixture/fixture.mjs';

const NAMES = ['older-header', 'repeated-version', 'absent-version', 'foreign-version', 'events-only', 'undeclared-list', 'pure-sse', 'no-retry'];
const toolsOnly = (config) => {
  config.resources = config.resourceTemplates = config.prompts = [];
};
const lenient = await startStack({ after }, { change: toolsOnly });
const strict = await startStack({ after }, {
  change: (config) => {
    toolsOnly(config);
    config.server.tolerances = Object.fromEntries(NAMES.map((name) => [name, false]));
  },
});
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const VERSION = 'MCP-Protocol-Version';
const EVENTS = { Accept: 'text/event-stream' };

// How often each was needed so far; the last test holds /status against it.
const needed = Object.fromEntries(NAMES.map((name) => [name, 0]));

async function counted(name, what) {
  needed[name]++;
  await what();
}

test('older-header: 2025-11-25 beside a _meta of 2026-07-28', async () => {
  const headers = { [VERSION]: '2025-11-25' };
  await counted('older-header', async () => {
    assert.equal((await result(lenient, 0, 'tools/list', {}, { headers })).resultType, 'complete');
  });
  assertError(await modern(strict, 0, 'tools/list', {}, { headers }), 400, -32020);
  assertError(await modern(lenient, 0, 'tools/list', {}, { headers: { [VERSION]: '2025-06-18' } }), 400, -32020);
});

test('older-header, where streams are opened', async () => {
  await counted('older-header', async () => {
    const stream = await listen(lenient, {}, { version: '2025-11-25' });
    assert.equal(stream.status, 200);
    await stream.close();
  });
  assert.equal((await listen(strict, {}, { version: '2025-11-25' })).status, 400);
});

test('repeated-version: twice, joined or repeated, the first counts', async () => {
  const repeated = [
    [[VERSION, '2025-11-25, 2025-11-25']],
    [
      [VERSION, '2025-11-25'],
      [VERSION, '2025-11-25'],
    ],
    [[VERSION, '2025-11-25, 2025-06-18']],
  ];
  for (const headers of repeated) {
    await counted('repeated-version', async () => assert.equal((await lenient.say(0, ping, { headers })).status, 200));
    const answer = await strict.say(0, ping, { headers });
    assert.equal(answer.status, 400, answer.text);
  }
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: metaOf() } };
  const headers = [...Object.entries(headersOf(message)), [VERSION, '2026-07-28']];
  await counted('repeated-version', async () => {
    assert.equal((await lenient.say(0, message, { headers })).json.result.resultType, 'complete');
  });
  assert.equal((await strict.say(0, message, { headers })).status, 400);
});

test('absent-version and foreign-version: the session knows', async () => {
  for (const [protocolVersion, header, name] of [
    ['2025-06-18', undefined, 'absent-version'],
    ['2025-11-25', undefined, 'absent-version'],
    ['2025-06-18', '2025-11-25', 'foreign-version'],
    ['2025-11-25', '2025-03-26', 'foreign-version'],
  ]) {
    const headers = async (site) => ({
      'Mcp-Session-Id': await site.initialize(0, { protocolVersion }),
      ...(header && { [VERSION]: header }),
    });
    await counted(name, async () => assert.equal((await lenient.say(0, ping, { headers: await headers(lenient) })).status, 200));
    const answer = await strict.say(0, ping, { headers: await headers(strict) });
    assert.equal(answer.status, 400, `${protocolVersion} ${header}`);
  }
  // what is as it should be
  for (const site of [lenient, strict]) {
    const old = await site.initialize(0, { protocolVersion: '2025-03-26' });
    assert.equal((await site.say(0, ping, { headers: { 'Mcp-Session-Id': old } })).status, 200);
    const session = await site.initialize(0);
    assert.equal((await site.say(0, ping, { headers: { 'Mcp-Session-Id': session, [VERSION]: '2025-11-25' } })).status, 200);
    assert.equal((await site.say(0, ping)).status, 200);
  }
});

test('a version that is too new or unknown is answered with those there are, session or not', async () => {
  const session = await lenient.initialize(0);
  for (const headers of [{}, { 'Mcp-Session-Id': session }]) {
    for (const version of ['2099-01-01', 'x']) {
      assertError(await lenient.say(0, ping, { headers: { ...headers, [VERSION]: version } }), 400, -32022);
    }
  }
});

test('events-only: who accepts nothing but a stream gets one', async () => {
  await counted('events-only', async () => {
    const answer = await lenient.say(0, ping, { headers: EVENTS });
    assert.match(answer.headers['content-type'], /^text\/event-stream/);
  });
  const answer = await strict.say(0, ping, { headers: EVENTS });
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(answer.json.result, {});
});

test('Accept in six forms: never 406, and JSON wherever it is taken', async () => {
  for (const site of [lenient, strict]) {
    for (const Accept of [
      'application/json, text/event-stream',
      'text/event-stream, application/json',
      'application/json',
      '*/*',
      '',
      'text/html',
    ]) {
      const answer = await site.say(0, ping, { headers: { Accept } });
      assert.equal(answer.status, 200, Accept);
      assert.match(answer.headers['content-type'], /^application\/json/, Accept);
    }
    const session = await site.initialize(0, { headers: { Accept: '*/*' } });
    assert.ok(session, 'the first probe of some connectors');
  }
});

test('undeclared-list: the lists of a tools-only server are empty', async () => {
  for (const [method, list] of [
    ['prompts/list', 'prompts'],
    ['resources/list', 'resources'],
    ['resources/templates/list', 'resourceTemplates'],
  ]) {
    await counted('undeclared-list', async () => {
      assert.deepEqual((await lenient.call(0, method)).result, { [list]: [] });
    });
    assert.equal((await strict.call(0, method)).error.code, -32601);
    assertError(await modern(lenient, 0, method), 404, -32601);
  }
  const { result: shaken } = await lenient.call(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {} });
  assert.deepEqual(Object.keys(shaken.capabilities), ['tools', 'logging']);
});

test('pure-sse: Go’s client gets endpoint, messages and comments', async () => {
  const headers = { 'User-Agent': 'Go-http-client/1.1' };
  await counted('pure-sse', async () => {
    const stream = await lenient.greeted({ headers });
    await lenient.say(0, ping, { uri: stream.endpoint });
    await stream.next('message');
    assert.doesNotMatch(stream.text, /retry:|event: (connected|heartbeat)/);
    await stream.close();
  });
  const stream = await strict.greeted({ headers });
  await stream.next('connected');
});

test('no-retry: Java’s client gets no line it does not know', async () => {
  const headers = { 'User-Agent': 'Java-http-client/17.0.1' };
  await counted('no-retry', async () => {
    const stream = await lenient.greeted({ headers });
    await stream.next('connected');
    assert.doesNotMatch(stream.text, /retry:/);
    await stream.close();
  });
  const stream = await strict.greeted({ headers });
  await stream.next('connected');
  assert.match(stream.text, /retry:/);
});

test('each was counted as often as it was needed', async () => {
  let tolerated;
  const agree = async () => {
    ({ tolerated } = await lenient.status());
    return NAMES.every((name) => tolerated[name] >= needed[name]);
  };
  await until('the processes have told the broker', agree);
  assert.deepEqual(tolerated, needed);
});

// --- what needs no switch ------------------------------------------------------------------------

test('GET of a probe: 405 without a session, 404 for a dead one, JSON for who wants none', async () => {
  const get = (headers) => lenient.http('GET', '/mcp', { headers });
  assert.equal((await get(EVENTS)).status, 405);
  assert.match((await get(EVENTS)).headers.allow, /POST/);
  assert.equal((await get({ ...EVENTS, 'Mcp-Session-Id': 'dead' })).status, 404);
  assert.equal((await lenient.ask(0, 'GET', '/mcp')).status, 200);
  assert.equal((await lenient.ask(0, 'GET', '/mcp', { headers: EVENTS })).status, 405);
});

test('who tries HTTP at the URL of the stream is sent on: 405, and who allows what', async () => {
  const initialize = { ...ping, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } };
  for (const answer of [
    await lenient.http('POST', '/mcp/sse', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(initialize) }),
    await lenient.say(0, initialize, { uri: '/mcp/sse' }),
  ]) {
    assert.equal(answer.status, 405);
    assert.match(answer.headers.allow, /GET/);
    assert.equal(answer.headers.location, undefined);
  }
});

test('initialized without the session id is an empty 202, whatever is accepted', async () => {
  await lenient.initialize(0);
  for (const headers of [{}, EVENTS, { Accept: '*/*' }, { [VERSION]: '2025-11-25' }]) {
    const answer = await lenient.say(0, { jsonrpc: '2.0', method: 'notifications/initialized' }, { headers });
    assert.equal(answer.status, 202);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['content-type'], undefined);
  }
});

test('an older version is echoed, a foreign one answered with ours', async () => {
  for (const [asked, offered] of [
    ['2024-11-05', '2024-11-05'],
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['2026-07-28', '2025-11-25'],
    ['2099-01-01', '2025-11-25'],
  ]) {
    const { result: shaken } = await lenient.call(0, 'initialize', { protocolVersion: asked, capabilities: {} });
    assert.equal(shaken.protocolVersion, offered);
  }
});

test('a modern probe that falls back finds the older handshake behind it', async () => {
  const headers = { [VERSION]: '2026-07-28', 'Mcp-Method': 'server/discover' };
  const probe = await lenient.say(0, { jsonrpc: '2.0', id: 0, method: 'server/discover', params: { _meta: metaOf() } }, { headers });
  assert.equal(probe.status, 200);
  const session = await lenient.initialize(0);
  assert.equal((await lenient.say(0, ping, { headers: { 'Mcp-Session-Id': session, [VERSION]: '2025-11-25' } })).status, 200);
});

test('a 404 of an ended session says what to do, and initialize begins anew', async () => {
  const session = await lenient.initialize(0);
  await lenient.ask(0, 'DELETE', '/mcp', { headers: { 'Mcp-Session-Id': session } });
  const answer = await lenient.say(0, ping, { headers: { 'Mcp-Session-Id': session } });
  assertError(answer, 404, -32600, /initialize again/);
  assert.ok(await lenient.initialize(0, { headers: { 'Mcp-Session-Id': session } }));
});

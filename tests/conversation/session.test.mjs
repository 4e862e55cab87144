// initialize, Mcp-Session-Id, DELETE: a session travels with the client, and
// ends in every process at once.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { startStack, until } from '../lib/stack.mjs';

const PROCESSES = 4;
const stack = await startStack({ after }, { workers: PROCESSES });
const everyProcess = Array.from({ length: PROCESSES }, (_, i) => i);
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const within = (session) => ({ headers: { 'Mcp-Session-Id': session } });
const EVENTS = { Accept: 'text/event-stream' };

const end = (on, i, session, options = {}) =>
  on.ask(i, 'DELETE', '/mcp', { ...options, headers: { 'Mcp-Session-Id': session } });

const initialize = (params) => stack.say(0, { jsonrpc: '2.0', id: 1, method: 'initialize', params });

// --- the handshake -----------------------------------------------------------------

test('each revision is agreed on as it was asked for', async () => {
  for (const protocolVersion of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
    const { json } = await initialize({ protocolVersion, capabilities: {} });
    assert.equal(json.result.protocolVersion, protocolVersion);
    assert.deepEqual(json.result.capabilities, {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      logging: {},
    });
    assert.equal(json.result.serverInfo.name, 'example-crm');
    assert.equal(json.result.serverInfo.version, '1.0.0');
    assert.equal(json.result.serverInfo.title, protocolVersion < '2025-06-18' ? undefined : 'Example CRM');
    assert.equal(json.result.instructions, 'Look clients up before you write to them.');
  }
});

test('who asks for a version nobody knows is offered 2025-11-25', async () => {
  for (const protocolVersion of ['2099-01-01', '2026-07-28', '1.0', '']) {
    const { json } = await initialize({ protocolVersion, capabilities: {} });
    assert.equal(json.result.protocolVersion, '2025-11-25', protocolVersion);
  }
});

test('without a version there is no handshake, and no session', async () => {
  for (const params of [undefined, {}, { protocolVersion: 1 }, { protocolVersion: '2025-11-25', capabilities: [] }]) {
    const answer = await initialize(params);
    assert.equal(answer.json.error.code, -32602);
    assert.equal(answer.headers['mcp-session-id'], undefined);
  }
});

test('the session id is at most 160 visible characters, and never twice the same', async () => {
  const seen = new Set();
  for (let i = 0; i < 20; i++) {
    const session = await stack.initialize(i % PROCESSES);
    assert.match(session, /^[\x21-\x7e]{32,160}$/);
    seen.add(session);
  }
  assert.equal(seen.size, 20);
});

// --- who may use it ------------------------------------------------------------------

test('a session is served by every process', async () => {
  for (const origin of everyProcess) {
    const session = await stack.initialize(origin);
    for (const i of everyProcess) {
      const { json } = await stack.say(i, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, within(session));
      assert.equal(json.result.tools[0].name, 'get_client');
    }
  }
});

function assertNoSession(answer) {
  assert.equal(answer.status, 404, answer.text);
  assert.equal(answer.json.error.code, -32600);
  assert.match(answer.json.error.message, /initialize again/);
}

test('an altered, cut, lengthened or invented session is 404', async () => {
  const session = await stack.initialize(0);
  const flipped = (at) => session.slice(0, at) + (session[at] === 'A' ? 'B' : 'A') + session.slice(at + 1);
  const altered = [0, 20, 60, session.length - 2].map(flipped);
  for (const other of [...altered, session.slice(1), session.slice(0, -4), `${session}AAAA`, 'x', '-', 'x'.repeat(160), 'x'.repeat(5000)]) {
    assertNoSession(await stack.say(0, ping, within(other)));
  }
  assert.equal((await stack.say(0, ping, within(session))).status, 200);
});

test('a session sealed with another key is 404', async (t) => {
  const other = await startStack(t, { broker: false });
  assertNoSession(await stack.say(0, ping, within(await other.initialize(0))));
});

test('keys rotate: what an older key of the file sealed is still opened', async (t) => {
  const site = await startStack(t, { broker: false });
  const session = await site.initialize(0);
  const secret = path.join(site.dir, 'rotated.key');
  fs.writeFileSync(secret, `${randomBytes(32).toString('hex')}\n${fs.readFileSync(site.secret, 'utf8')}`, { mode: 0o600 });
  await site.startWorker({ secret });
  assert.equal((await site.say(1, ping, within(session))).status, 200);
  assertNoSession(await site.say(0, ping, within(await site.initialize(1))));
});

test("another subject's session is 404, for requests, notifications and DELETE", async () => {
  const session = await stack.initialize(0, { user: 'alice' });
  const notification = { jsonrpc: '2.0', method: 'notifications/x' };
  for (const user of ['bob', '', 'Alice', 'alice2']) {
    assertNoSession(await stack.say(1, ping, { ...within(session), user }));
    assertNoSession(await stack.say(1, notification, { ...within(session), user }));
    assertNoSession(await end(stack, 2, session, { user }));
  }
  assert.equal((await stack.say(1, ping, { ...within(session), user: 'alice' })).status, 200);
});

test("a session's own stream opens for its subject alone", async () => {
  const session = await stack.initialize(0, { user: 'alice' });
  const headers = { ...EVENTS, 'Mcp-Session-Id': session };
  assert.equal((await stack.stream({ path: '/mcp', user: 'bob', headers })).status, 404);
  assert.equal((await stack.stream({ path: '/mcp', headers })).status, 404);
  assert.equal((await stack.stream({ path: '/mcp', headers: EVENTS })).status, 405);
  assert.equal((await stack.stream({ path: '/mcp', headers: { ...EVENTS, 'Mcp-Session-Id': 'x' } })).status, 404);
  const stream = await stack.stream({ path: '/mcp', user: 'alice', headers });
  assert.equal(stream.status, 200);
  assert.ok('comment' in (await stream.next()), 'it begins with a comment');
});

// --- its end -------------------------------------------------------------------------

test('DELETE ends it', async () => {
  const session = await stack.initialize(0);
  const answer = await end(stack, 0, session);
  assert.equal(answer.status, 204);
  assert.equal(answer.text, '');
  assertNoSession(await stack.say(0, ping, within(session)));
  assertNoSession(await end(stack, 1, session));
});

test('DELETE without a session is 400', async () => {
  const answer = await stack.ask(0, 'DELETE', '/mcp');
  assert.equal(answer.status, 400);
  assert.equal(answer.json.error.code, -32600);
});

test('initialize begins anew, also with the id of an ended session', async () => {
  const session = await stack.initialize(0);
  await end(stack, 0, session);
  const params = { protocolVersion: '2025-11-25', capabilities: {} };
  const answer = await stack.say(1, { jsonrpc: '2.0', id: 1, method: 'initialize', params }, within(session));
  assert.equal(answer.status, 200);
  assert.notEqual(answer.headers['mcp-session-id'], session);
});

test('after DELETE the very next request is 404 in every process, a hundred times', async () => {
  const kept = await Promise.all(everyProcess.map((i) => stack.connect(i)));
  for (let round = 0; round < 100; round++) {
    const session = await stack.initialize(round % PROCESSES);
    const deleter = kept[(round + 1) % PROCESSES];
    const answer = await deleter.request('DELETE', '/mcp', { headers: { 'Mcp-Session-Id': session } }).answer;
    assert.equal(answer.status, 204);
    const next = await Promise.all(kept.map((one) => one.post('/mcp', ping, within(session)).answer));
    for (const one of next) assertNoSession(one);
  }
});

test('sessions that end at the same moment all end', async () => {
  const sessions = await Promise.all(Array.from({ length: 40 }, (_, n) => stack.initialize(n % PROCESSES)));
  const answers = await Promise.all(sessions.map((session, n) => end(stack, (n + 1) % PROCESSES, session)));
  assert.deepEqual(new Set(answers.map((one) => one.status)), new Set([204]));
  for (const session of sessions) for (const i of everyProcess) assertNoSession(await stack.say(i, ping, within(session)));
});

test('the stream of an ended session ends, and does not come back', async () => {
  const session = await stack.initialize(0);
  const open = () => stack.stream({ path: '/mcp', headers: { ...EVENTS, 'Mcp-Session-Id': session } });
  const stream = await open();
  await stream.next();
  await end(stack, 1, session);
  await stream.ended;
  assert.equal((await open()).status, 404);
});

test('a process that does not listen is not waited for, and learns it later', async (t) => {
  const site = await startStack(t, { workers: 2 });
  const session = await site.initialize(0);
  site.workers[1].freeze();
  const began = performance.now();
  assert.equal((await end(site, 0, session)).status, 204);
  const took = performance.now() - began;
  assert.ok(took > 200 && took < 1500, `${took} ms`);
  site.workers[1].thaw();
  await until('it knows of the end', async () => (await site.say(1, ping, within(session))).status === 404);
});

test('while the broker is away DELETE is 503, and the session lives', async (t) => {
  const site = await startStack(t);
  const session = await site.initialize(0);
  await site.broker.kill();
  const answer = await end(site, 0, session);
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.equal((await site.say(0, ping, within(session))).status, 200);
});

test('a new broker is taught the ended sessions, and so is a process started after it', async (t) => {
  const site = await startStack(t, { workers: 2 });
  const ended = await Promise.all([0, 1, 0, 1].map((i) => site.initialize(i)));
  const alive = await site.initialize(0);
  for (const [n, session] of ended.entries()) assert.equal((await end(site, n % 2, session)).status, 204);

  await site.broker.kill();
  for (const session of ended) assertNoSession(await site.say(0, ping, within(session)));
  await site.startBroker();
  await until('it was taught', async () => (await site.status()).sessions_ended === ended.length);

  await site.startWorker();
  await site.hasBroker(2);
  for (const session of ended) {
    for (const i of [0, 1, 2]) assertNoSession(await site.say(i, ping, within(session)));
    const headers = { ...EVENTS, 'Mcp-Session-Id': session };
    assert.equal((await site.stream({ path: '/mcp', headers })).status, 404);
  }
  for (const i of [0, 1, 2]) assert.equal((await site.say(i, ping, within(alive))).status, 200);
});

test('a process that starts late knows what ended before it, from its first request on', async (t) => {
  const site = await startStack(t);
  const session = await site.initialize(0);
  await end(site, 0, session);
  for (let i = 1; i <= 5; i++) {
    await site.startWorker();
    assertNoSession(await site.say(i, ping, within(session)));
  }
});

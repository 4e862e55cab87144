// Back-pressure: whoever does not read costs a bounded amount, and is told what
// it has missed; whoever writes too much is slowed, and buffered nowhere.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { Dealer, letter, OUTCOME, TOPIC } from '../lib/letters.mjs';
import { startStack, until } from '../lib/stack.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
// No comment and no heartbeat comes between.
const QUIET = { comment_ms: 3600000, heartbeat_ms: 3600000 };

async function dealer(t, stack, options) {
  const one = await Dealer.open(path.join(stack.dir, 'bus.sock'), options);
  t.after(() => one.close());
  return one;
}

const closed = (stack, reason) => stack.metric(`mcp_broker_streams_closed_total{reason="${reason}"}`);
const ids = (text) => [...text.matchAll(/^id: \S+\.(\d+)\n.*\n.*\n\n/gm)].map(([, n]) => Number(n));

// A stream that was greeted and is never read again. -> with what it was sent
async function sleeper(stack, { user, method = 'GET', at = '/mcp/sse', headers = '', body = '', until: greeting = /event: heartbeat/ } = {}) {
  const raw = await stack.raw(stack.brokerSocket);
  const who = user ? `X-Mcp-User: ${user}\r\n` : '';
  raw.write(`${method} ${at} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${who}${headers}\r\n${body}`);
  await raw.until(greeting);
  raw.pause();
  raw.id = /connection_id=([0-9a-f-]{36})/.exec(raw.text)?.[1];
  return raw;
}

// It reads what the kernel has for it, and finds the end.
async function wake(raw) {
  raw.resume();
  await raw.closed;
  return raw.text;
}

// How much more the broker has than before, at most; where that can be told.
function meter(broker) {
  const before = broker.isSanitized ? 0 : broker.privateBytes;
  let most = 0;
  return {
    look: () => (most = broker.isSanitized ? 0 : Math.max(most, broker.privateBytes - before)),
    isWithin: (bytes) => assert.ok(most <= bytes, `the broker has grown by ${most} bytes, more than ${bytes}`),
  };
}

const message = (n, len = 4 * KIB) => JSON.stringify({ n, pad: 'x'.repeat(len) });

test('of 50 readers 10 never read: they are cut off, and the others get everything in order', async (t) => {
  const N = 400;
  const limits = { ...QUIET, max_outbox: 64 * KIB, replay_events: 12, replay_bytes: 64 * KIB };
  const stack = await startStack(t, { limits });
  const awake = await Promise.all(Array.from({ length: 40 }, () => stack.greeted()));
  const asleep = await Promise.all(Array.from({ length: 10 }, () => sleeper(stack)));
  const bus = await dealer(t, stack);
  const grown = meter(stack.broker);
  const outcomes = new Map(asleep.map((one) => [one, []]));
  for (let n = 1; n <= N; n++) {
    const data = message(n);
    const told = await Promise.all([...awake, ...asleep].map(({ id }) => bus.ask(letter.deliver(id, data))));
    for (const { outcome } of told.splice(0, 40)) assert.equal(outcome, OUTCOME.DELIVERED);
    for (const [i, { outcome }] of told.entries()) outcomes.get(asleep[i]).push(outcome);
    if (n % 50 === 0) grown.look();
  }
  for (const one of awake) {
    for (let n = 1; n <= N; n++) {
      const event = await one.next('message');
      assert.equal(event.id, `${one.id}.${n}`);
      assert.equal(event.json.n, n);
    }
    assert.equal(one.events.over, null);
  }
  grown.isWithin(50 * (64 + 64) * KIB + 2 * MIB);

  // each was cut off once, and counted
  for (const said of outcomes.values()) {
    const cut = said.indexOf(OUTCOME.OVER_QUOTA);
    assert.ok(cut > 0, 'it was cut off');
    assert.ok(said.slice(0, cut).every((one) => one === OUTCOME.DELIVERED));
    assert.ok(said.slice(cut + 1).every((one) => one === OUTCOME.PARKED));
  }
  assert.equal(await closed(stack, 'over_quota'), 10);
  const { streams } = await stack.status();
  assert.equal(streams.cut_off, 10);
  assert.equal(streams.open, 40);
  assert.equal(streams.backlog_bytes, 0);

  // they come back for what is kept, and are told of the rest
  for (const one of asleep) {
    const last = ids(await wake(one)).at(-1);
    const again = await stack.greeted({ headers: { 'Last-Event-ID': `${one.id}.${last}` } });
    assert.equal(again.id, one.id);
    const { json } = await again.next('connected');
    assert.equal(json.resumed, true);
    assert.equal(json.missed, N - 12 - last);
    for (let n = N - 11; n <= N; n++) assert.equal((await again.next('message')).json.n, n);
  }
});

test("one user's sleepers cost that user's streams, and nobody else's", async (t) => {
  const limits = { ...QUIET, max_outbox_per_subject: 256 * KIB };
  const stack = await startStack(t, { limits });
  const bus = await dealer(t, stack);
  const asleep = [];
  for (let n = 0; n < 4; n++) asleep.push(await sleeper(stack, { user: 'alice' }));
  const hers = await stack.greeted({ user: 'alice' });
  const his = await sleeper(stack, { user: 'bob' });
  for (let n = 1; n <= 100; n++) {
    const told = await Promise.all([...asleep, his, hers].map(({ id }) => bus.ask(letter.deliver(id, message(n)))));
    assert.equal(told[4].outcome, OUTCOME.DELIVERED);
    assert.equal(told[5].outcome, OUTCOME.DELIVERED);
    assert.equal((await hers.next('message')).json.n, n);
    const { behind, backlog_bytes: waits } = (await stack.status()).streams;
    assert.ok(behind <= 2 || waits <= 2 * 256 * KIB, `${waits} bytes wait for ${behind}`);
  }
  assert.ok((await closed(stack, 'over_share')) >= 2);
  assert.equal(await closed(stack, 'over_quota'), 0);
});

test('all together have a bound too, and whoever owes alone is not judged by it', async (t) => {
  const limits = { ...QUIET, max_outbox_of_all: 100 * KIB };
  const stack = await startStack(t, { limits });
  const bus = await dealer(t, stack);
  const [first, second] = [await sleeper(stack, { user: 'alice' }), await sleeper(stack, { user: 'bob' })];
  for (let n = 1; n <= 150; n++) await bus.ask(letter.deliver(first.id, message(n)));
  assert.equal((await stack.status()).streams.behind, 1);
  assert.ok((await stack.status()).streams.backlog_bytes > 100 * KIB);
  for (let n = 1; (await stack.status()).streams.behind < 2 && n < 150; n++) {
    await bus.ask(letter.deliver(second.id, message(n)));
    if ((await closed(stack, 'over_share')) === 1) break;
  }
  assert.equal(await closed(stack, 'over_share'), 1);
  assert.match(await wake(first), /event: message/, 'the one that took nothing for longer went');
  assert.equal((await stack.status()).streams.open, 1);
});

// --- what each dialect sees --------------------------------------------------------------

test("a session's stream that comes back without an id goes on where it was cut off", async (t) => {
  const stack = await startStack(t, { limits: { ...QUIET, max_outbox: 64 * KIB, replay_events: 5 } });
  const bus = await dealer(t, stack);
  const headers = `Mcp-Session-Id: ${await stack.initialize(0)}\r\n`;
  const open = () => sleeper(stack, { at: '/mcp', headers, until: /^: open.*\n/m });
  const first = await open();
  first.resume();
  await bus.ask(letter.broadcast(TOPIC.TOOLS));
  const [, name] = /^id: (\w+)\.1$/m.exec(await first.until(/^id: \w+\.1\n/m));
  first.pause();
  let n = 1;
  while ((await bus.ask(letter.deliver(name, message(++n)))).outcome !== OUTCOME.OVER_QUOTA) assert.ok(n < 200, 'it was never cut off');
  const had = ids(await wake(first));
  assert.deepEqual(had, Array.from(had, (_, i) => i + 1));

  const again = await open();
  again.resume();
  const text = await again.until(new RegExp(`^id: ${name}\\.${n}\\n.*\\n.*\\n\\n`, 'm'));
  assert.deepEqual(ids(text), [n - 4, n - 3, n - 2, n - 1, n]);
  assert.equal(Number(/^: open, missed (\d+)$/m.exec(text)[1]), n - 5 - had.length);
});

test('the pure transport is told of a gap in a comment', async (t) => {
  const stack = await startStack(t, { limits: { ...QUIET, replay_events: 1 } });
  const bus = await dealer(t, stack);
  const at = { path: '/mcp/sse?dialect=2024-11-05' };
  const first = await stack.greeted(at);
  for (let n = 1; n <= 4; n++) await bus.ask(letter.deliver(first.id, message(n, 1)));
  const again = await stack.greeted({ ...at, headers: { 'Last-Event-ID': `${first.id}.1` } });
  assert.equal((await again.next((one) => 'comment' in one)).comment, 'open, missed 2');
  assert.equal((await again.next('message')).json.n, 4);
});

const listenTo = (id, uri) => {
  const meta = { protocolVersion: '2026-07-28', clientCapabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const _meta = Object.fromEntries(Object.entries(meta).map(([key, value]) => [`io.modelcontextprotocol/${key}`, value]));
  const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: [uri] }, _meta } });
  const headers = { 'Content-Type': 'application/json', 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'subscriptions/listen' };
  return { method: 'POST', body, headers };
};

function sleepingListener(stack, id, uri) {
  const { method, headers, body } = listenTo(id, uri);
  const all = { ...headers, 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}\r\n`);
  return sleeper(stack, { method, at: '/mcp', headers: lines.join(''), body, until: /acknowledged.*\n\n/ });
}

test('what many sleeping listeners are told waits once; who is cut off gets no result', async (t) => {
  const stack = await startStack(t, { limits: { ...QUIET, max_outbox: 512 * KIB } });
  const bus = await dealer(t, stack);
  const uri = `crm://clients/${'x'.repeat(8000)}`;
  const awake = await stack.stream({ path: '/mcp', ...listenTo('awake', uri) });
  const asleep = [];
  for (let n = 0; n < 20; n++) asleep.push(await sleepingListener(stack, `n${n}`, uri));
  const grown = meter(stack.broker);
  let told = 0;
  while ((await stack.status()).streams.cut_off < 20) {
    assert.ok(told < 200, 'they were never cut off');
    const { outcome } = await bus.ask(letter.broadcast(TOPIC.UPDATED, uri));
    assert.equal(outcome, OUTCOME.OK);
    told++;
    grown.look();
  }
  grown.isWithin(5 * MIB); // of 10 that wait
  for (let n = 0; n < told; n++) await awake.next((one) => /resources\/updated/.test(one.data));
  assert.equal(awake.events.over, null);
  assert.equal(await closed(stack, 'over_quota'), 20);
  for (const [n, one] of asleep.entries()) {
    const text = await wake(one);
    const events = [...text.matchAll(/^data: (\{.*\})\n\n/gm)].map(([, json]) => JSON.parse(json));
    assert.ok(events.length > 2);
    for (const event of events) {
      assert.equal(event.result, undefined, 'an orderly end has a result');
      assert.equal(event.params._meta['io.modelcontextprotocol/subscriptionId'], `n${n}`);
    }
  }
});

// --- the bus --------------------------------------------------------------------------------

test('a flood of letters whose sender reads no answer costs nobody else', async (t) => {
  const stack = await startStack(t, { limits: QUIET });
  const stream = await stack.greeted();
  const flood = await dealer(t, stack);
  const grown = meter(stack.broker);
  flood.pause();
  for (let n = 1; n <= 20000; n++) flood.send(letter.broadcast(TOPIC.UPDATED, `crm://clients/${n}`), { ms: 60000 });
  for (let n = 0; n < 20; n++) {
    const answer = await stack.say(0, { jsonrpc: '2.0', id: n, method: 'ping' }, { uri: stream.endpoint });
    assert.equal(answer.status, 202);
    assert.equal((await stream.next('message')).json.id, n);
    grown.look();
  }
  const all = 'mcp_broker_broadcasts_total{topic="updated"}';
  await until('all were read', async () => (await stack.metric(all)) === 20000, 30000);
  grown.look();
  grown.isWithin(4 * MIB);
  assert.ok((await stack.metric('mcp_broker_letters_unsent_total')) > 0, 'answers beyond the high-water mark');

  flood.resume();
  const later = new Set();
  await until('its letters are answered again', () => {
    later.add(flood.send(letter.broadcast(TOPIC.TOOLS)));
    return flood.answers.some(({ correlation }) => later.has(correlation));
  });
  assert.ok(flood.answers.length >= 1024 && flood.answers.length < 20000);
});

test('letters to a broker that stands still wait with their sender, and none is lost', async (t) => {
  const N = 4000;
  const stack = await startStack(t, { limits: { ...QUIET, max_outbox: 64 * MIB } });
  const stream = await stack.greeted();
  const bus = await dealer(t, stack);
  const grown = meter(stack.broker);
  stack.broker.freeze();
  const late = bus.ask(letter.deliver(stream.id, message(0)), { ms: 1 });
  for (let n = 1; n <= N; n++) bus.send(letter.deliver(stream.id, message(n)), { ms: 60000 });
  let unsent;
  await until('the other side takes no more', () => unsent === (unsent = bus.unsent));
  assert.ok(unsent > 15 * MIB, `${unsent} bytes wait with the sender`);
  stack.broker.thaw();
  assert.equal((await late).outcome, OUTCOME.EXPIRED);
  let behind = 0; // in bytes, of the reader, who has its limit
  for (let n = 1; n <= N; n++) {
    assert.equal((await stream.next('message')).json.n, n);
    if (n % 100 !== 0) continue;
    behind = Math.max(behind, await stack.metric('mcp_broker_backlog_bytes'));
    grown.look();
  }
  grown.isWithin(12 * MIB + behind); // 1,024 letters of 4 KiB, and as much again
});

test('a process that reads none of its letters is not waited for, and they do not pile up', async (t) => {
  const stack = await startStack(t, { workers: 2, limits: QUIET });
  const silent = await dealer(t, stack, { thread: 0 });
  assert.equal((await silent.ask(letter.hello())).outcome, OUTCOME.WELCOME);
  silent.pause();
  const bus = await dealer(t, stack);
  const grown = meter(stack.broker);
  const request = JSON.stringify('r'.repeat(500));
  for (let n = 0; n < 40; n++) {
    const said = await Promise.all(Array.from({ length: 100 }, () => bus.ask(letter.cancel('somebody', request))));
    assert.ok(said.every(({ outcome }) => outcome === OUTCOME.OK));
  }
  grown.look();
  grown.isWithin(4 * MIB);
  assert.ok((await stack.metric('mcp_broker_letters_unsent_total')) > 0, 'letters beyond the high-water mark');

  const session = await stack.initialize(0);
  const began = performance.now();
  const end = await stack.ask(0, 'DELETE', '/mcp', { headers: { 'Mcp-Session-Id': session } });
  assert.ok(end.status < 300, `${end.status}`);
  assert.ok(performance.now() - began < 3000);
  const gone = await stack.say(1, { jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: { 'Mcp-Session-Id': session } });
  assert.equal(gone.status, 404, 'the others were told');
});

test('whose answer cuts its reader off is told so, and finds it on the way back', async (t) => {
  const stack = await startStack(t, { limits: { ...QUIET, max_outbox: 64 * KIB, max_event: 512 * KIB, replay_bytes: 8 * MIB },
    change: (config) => {
      config.tools.push({ name: 'long', description: 'x', text: 'y'.repeat(200 * KIB) });
    } });
  const raw = await sleeper(stack);
  let id = 0;
  let answer;
  do {
    const message = { jsonrpc: '2.0', id: ++id, method: 'tools/call', params: { name: 'long', arguments: {} }, connection_id: raw.id };
    answer = await stack.say(0, message, { uri: '/mcp/sse/message' });
  } while (answer.status === 200 && id < 50);
  assert.equal(answer.status, 429, `${id} were taken`);
  assert.match(answer.json.error, /too much waited for its reader/);
  const back = await stack.greeted({ headers: { 'Last-Event-ID': `${raw.id}.${id - 1}` } });
  assert.equal((await back.next('mcp_response')).json.id, id);
});

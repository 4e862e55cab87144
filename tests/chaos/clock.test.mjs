// The wall clock jumps, forward and back, while all is running (libfaketime in
// front of what tells the time; the monotonic clock is the machine's).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startStack, traceTools, until, slowTool } from '../lib/stack.mjs';
import { forRounds, timeout } from './rounds.mjs';

const URI = { uri: '/mcp/sse/message' };
const DAY = 86400;
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });

// Where Debian has it, on whatever machine.
function findLibrary() {
  for (const dir of fs.readdirSync('/usr/lib')) {
    const file = path.join('/usr/lib', dir, 'faketime/libfaketimeMT.so.1');
    if (fs.existsSync(file)) return file;
  }
  return null;
}
const library = findLibrary();
const options = { skip: library ? false : 'libfaketime is not installed', timeout };

// A stack whose clock is what a file says; jump(seconds) from now on.
async function startOutOfTime(t, how = {}) {
  const stack = await startStack(t, { workers: 0, broker: false, ...how });
  const file = path.join(stack.dir, 'offset');
  const jump = (seconds) => {
    fs.writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    fs.renameSync(`${file}.new`, file);
  };
  jump(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  await stack.startBroker({ env });
  for (let n = 0; n < (how.workers ?? 1); n++) await stack.startWorker({ env });
  await Promise.all(stack.workers.map((_, i) => stack.hasBroker(i)));
  return { stack, jump };
}

// The programs' own clock, in seconds from ours.
async function aheadOf(stack) {
  const stream = await stack.greeted();
  const { json } = await stream.next('connected');
  await stream.close();
  return Math.round((Date.parse(json.timestamp) - Date.now()) / 1000);
}

for (const seconds of [DAY, -DAY, 3600, -3600]) {
  const way = seconds > 0 ? 'ahead' : 'back';
  test(`the clock jumps ${Math.abs(seconds) / 3600} h ${way}: streams, heartbeats, deadlines and replay go on in their own time`, options, async (t) => {
    const limits = { heartbeat_ms: 300, comment_ms: 300, resume_ms: 10000 };
    const { stack, jump } = await startOutOfTime(t, { limits, change: (config) => void config.tools.push(slowTool(600)) });
    await forRounds(1, async (round) => {
      const there = await aheadOf(stack);
      const offset = seconds * (round % 2); // there, and back again
      const stream = await stack.greeted();
      await stack.say(0, { ...ping(1), connection_id: stream.id }, URI);
      const { id: last } = await stream.next('mcp_response');
      const gone = await stack.greeted();
      const from = (await gone.next('connected')).id;
      const { open } = (await stack.status()).streams;
      await gone.close();
      await until('it is parked', async () => (await stack.status()).streams.open < open);
      const slow = stack.call(0, 'tools/call', { name: 'slow' });

      const began = performance.now();
      jump(offset);
      assert.ok(Math.abs((await aheadOf(stack)) - there) > 3000, 'the clock has not jumped');
      const since = (one) => one.event === 'heartbeat' && one.at > began;
      for (let n = 0; n < 4; n++) await stream.next(since);
      const took = performance.now() - began;
      assert.ok(took > 500 && took < 10000, `4 heartbeats in ${took} ms`);
      assert.equal(stream.events.over, null);
      assert.equal((await stack.status()).processes.length, 1, 'the worker is taken for dead');
      await stack.say(0, { ...ping('after'), connection_id: stream.id }, URI);
      assert.equal((await stream.next('mcp_response')).json.id, 'after');
      assert.match((await slow).result.content[0].text, /too long/);

      // what was parked is still there, and what is parked now is kept as well
      await stack.say(0, { ...ping('kept'), connection_id: gone.id }, URI);
      const again = await stack.greeted({ headers: { 'Last-Event-ID': from } });
      assert.equal(again.id, gone.id);
      assert.equal((await again.next('mcp_response')).json.id, 'kept');
      await stream.close();
      const resumed = await stack.greeted({ headers: { 'Last-Event-ID': last } });
      assert.equal(resumed.id, stream.id);
      await Promise.all([again.close(), resumed.close()]);
    });
  });
}

test('sessions follow the wall clock: 8 days ahead they have expired, and back again they are known', options, async (t) => {
  const { stack, jump } = await startOutOfTime(t);
  const headers = { 'Mcp-Session-Id': await stack.initialize(0) };
  const status = async () => (await stack.say(0, ping(1), { headers })).status;
  await forRounds(1, async () => {
    assert.equal(await status(), 200);
    jump(6 * DAY);
    assert.equal(await status(), 200);
    jump(8 * DAY);
    assert.equal(await status(), 404);
    const stream = await stack.stream({ path: '/mcp', headers });
    assert.equal(stream.status, 404, 'the broker says the same');
    jump(-30 * DAY); // issued in what is now the future
    assert.equal(await status(), 200);
    jump(0);
    assert.equal(await status(), 200);
  });
});

test('a session that was ended stays ended, whichever way the clock jumps', options, async (t) => {
  const { stack, jump } = await startOutOfTime(t, { workers: 2 });
  await forRounds(1, async (round) => {
    for (const seconds of [3600, -DAY, 6 * DAY]) {
      jump(0);
      const headers = { 'Mcp-Session-Id': await stack.initialize(0) };
      assert.equal((await stack.ask(0, 'DELETE', '/mcp', { headers })).status, 204);
      jump(seconds);
      for (const i of [0, 1]) assert.equal((await stack.say(i, ping(1), { headers })).status, 404, `worker ${i} after ${seconds} s, round ${round}`);
      assert.equal((await stack.stream({ path: '/mcp', headers })).status, 404, `after ${seconds} s`);
    }
    jump(0);
  });
});

const leaveTrace = (limit) => (config) => {
  const [trace, count] = structuredClone(traceTools);
  trace.inputSchema.properties.key = { type: 'string' };
  config.tools.push({ ...trace, ...limit }, count);
};
const callTrace = async (stack, args) => (await stack.call(0, 'tools/call', { name: 'leave_trace', arguments: args })).result;

test('a rate limit: a clock that jumps lets nobody wait for longer than the limit says', options, async (t) => {
  const { stack, jump } = await startOutOfTime(t, { change: leaveTrace({ limit: { per_minute: 2 } }) });
  let n = 0;
  const call = () => callTrace(stack, { email: `${n++}@trace.example` });
  await forRounds(1, async () => {
    for (const seconds of [3600, -3600, DAY, -DAY, 0]) {
      jump(seconds);
      for (let i = 0; i < 2; i++) assert.equal((await call()).isError, undefined, `after ${seconds} s`);
      const refused = await call();
      assert.equal(refused.isError, true);
      const wait = Number(/try again in (\d+) s/.exec(refused.content[0].text)[1]);
      assert.ok(wait > 0 && wait <= 30, `after ${seconds} s: ${refused.content[0].text}`);
    }
    jump(7200); // another round finds none of this
  });
});

test('a repeated call is known by its key for as long as was said, wherever the clock jumps', options, async (t) => {
  const { stack, jump } = await startOutOfTime(t, { change: leaveTrace({ idempotency: { argument: 'key', window_ms: 2500 } }) });
  await forRounds(1, async (round) => {
    for (const seconds of [0, DAY, -DAY, 0]) {
      jump(seconds);
      const result = await callTrace(stack, { email: `${round}@trace.example`, key: `key ${round}` });
      assert.equal(result.isError, undefined, result.content[0].text);
      const count = await stack.call(0, 'tools/call', { name: 'count_traces' });
      assert.equal(count.result.content[0].text, String(round), `after ${seconds} s it ran again`);
    }
  });
});

for (const [i, seconds] of [DAY, -DAY].entries()) {
  test(`SIGTERM after the clock jumped a day ${i ? 'back' : 'ahead'}: programs end in their own time`, options, async (t) => {
    const { stack, jump } = await startOutOfTime(t, { change: (config) => void config.tools.push(slowTool(3000)) });
    const asked = performance.now();
    const called = stack.say(0, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'slow' } });
    await until('it runs', async () => (await stack.status()).processes[0]?.running === 1);
    const began = performance.now();
    const ended = stack.workers[0].kill('SIGTERM');
    jump(seconds);
    assert.equal((await called).status, 200);
    assert.ok(performance.now() - asked > 2900, 'the call was not given its time');
    assert.equal(await ended, 0);
    assert.equal(await stack.broker.kill('SIGTERM'), 0);
    assert.ok(performance.now() - began < 10000);
  });
}

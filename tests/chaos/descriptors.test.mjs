// No descriptor is left: refused in so many words, or waiting, and nobody spins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from '../lib/kernel.mjs';
import { findProgram } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';
import { forRounds, timeout } from './rounds.mjs';

const URI = { uri: '/mcp/sse/message' };
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const getClient = (id) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'get_client', arguments: { email: 'test@example.com' } },
});
const prlimit = findProgram('prlimit');
const options = { skip: prlimit ? false : 'prlimit is not installed', timeout };
const withFiles = (n) => ({ wrap: [prlimit, `--nofile=${n}`] });

const WATCHED_MS = 1000; // how long it is watched for
const BUSY_MS = 200; // of them, at most, it may compute

// Is it at rest while it can take nobody?
async function assertRests(t, program) {
  const before = cpuMsOf(program.pid);
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  const busy = cpuMsOf(program.pid) - before;
  t.diagnostic(`${program.name} computed for ${busy} of ${WATCHED_MS} ms`);
  assert.ok(busy <= BUSY_MS, `${program.name} spins: ${busy} of ${WATCHED_MS} ms`);
}

async function assertDelivers(stack, stream, id) {
  assert.equal((await stack.say(0, { ...ping(id), connection_id: stream.id }, URI)).status, 200);
  assert.equal((await stream.next('mcp_response')).json.id, id);
}

async function assertWell(stack, id) {
  const stream = await stack.greeted();
  await assertDelivers(stack, stream, id);
  await stream.close();
}

// --- the broker ------------------------------------------------------------------

test('a broker with few descriptors: streams beyond them get 503, until one is closed', options, async (t) => {
  const files = 96;
  const stack = await startStack(t, { broker: withFiles(files) });
  const streams = [];
  let one = await stack.stream();
  for (; one.status === 200 && streams.length < files; one = await stack.stream()) streams.push(one);
  assert.equal(one.status, 503);
  assert.ok(Number(one.headers['retry-after']) > 0);
  assert.equal(streams.length, files - 64, 'some are kept for other things');
  await streams.pop().close();
  await until('there is room', async () => (await stack.stream()).status === 200);
});

test('silent clients have all descriptors of the broker: who comes gets 503 at once, letters have their own, and it recovers', options, async (t) => {
  const stack = await startStack(t, { broker: withFiles(96) });
  const stream = await stack.greeted();
  await forRounds(1, async (round) => {
    const heads = [];
    const refused = [];
    // who comes and says nothing has ten seconds; whoever is let in is not answered
    for (let n = 0; n < 96; n++) {
      const raw = await stack.raw(stack.brokerSocket);
      heads.push(raw);
      raw.closed.then(() => refused.push(raw));
    }
    await until('those are refused for whom there is no room', () => refused.length >= 40, 5000);
    for (const one of refused) assert.match(one.text, /^HTTP\/1\.1 503 .*\r\nRetry-After: \d+\r\n/s);
    await assertRests(t, stack.broker);
    // a worker that comes now, each of its threads with letters of its own
    const late = await stack.startWorker({ threads: 4 });
    const i = stack.workers.indexOf(late);
    await stack.hasBroker(i);
    const posts = Array.from({ length: 20 }, async (_, n) => {
      const answer = await stack.say(i, { ...ping(`${round}.${n}`), connection_id: stream.id }, URI);
      assert.equal(answer.status, 200, answer.text);
    });
    await Promise.all(posts);
    for (const _ of posts) await stream.next('mcp_response');
    await late.kill('SIGTERM');
    await Promise.all(heads.map((one) => one.close()));
    await until('it lets in', async () => (await stack.stream()).status === 200);
    await assertWell(stack, `well ${round}`);
    await assertDelivers(stack, stream, `still ${round}`);
  });
});

// --- the worker ------------------------------------------------------------------

// A connection takes two descriptors, so one may be left over.
for (const files of [64, 65]) {
  test(`a worker with ${files} descriptors, all in use: who comes waits, who is there is served, and it recovers`, options, async (t) => {
    const stack = await startStack(t, { threads: 4, ...withFiles(files) });
    const stream = await stack.greeted();
    await forRounds(1, async (round) => {
      const served = [];
      const calls = Array.from({ length: files }, async (_, n) => {
        const one = await stack.connect();
        const answer = await one.post('/mcp', ping(n)).answer; // and it is kept
        assert.equal(answer.status, 200, answer.text);
        served.push(one);
      });
      const all = Promise.all(calls);
      await Promise.race([all, until('as many as can be are served', () => served.length >= files / 4)]);
      await Promise.race([all, assertRests(t, stack.workers[0])]);
      const n = served.length;
      t.diagnostic(`${n} of ${files} connections were taken`);
      assert.ok(n < files, 'there was no want');

      const [first] = served;
      assert.equal((await first.post('/mcp', ping('there')).answer).status, 200);
      const unread = (await first.post('/mcp', getClient('no file')).answer).json.result;
      if (round === 1) { // later its thread may have the database open
        assert.equal(unread.isError, true);
        assert.match(unread.content[0].text, /try again/);
      }
      const undelivered = await first.post('/mcp/sse/message', { ...ping('no letter'), connection_id: stream.id }).answer;
      assert.ok([200, 503].includes(undelivered.status), undelivered.text);

      // who leaves makes room for who waits
      for (let i = 0; i < files; i++) {
        await until('the next is served', () => served.length > i);
        await served[i].close();
      }
      await all;
      const { result } = await stack.call(0, 'tools/call', getClient().params);
      assert.equal(result.isError, undefined, result.content[0].text);
      await assertWell(stack, `well ${round}`);
    });
  });
}

// How often, how many at once, and what happens when a call comes twice: over
// several processes, and when one of them dies.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { bin, readConfig, top } from '../lib/site.mjs';
import { startStack, traceTools, until } from '../lib/stack.mjs';
import { file, openSession, result, touch, written } from './fixture/fixture.mjs';

const FIXTURE = path.join(bin, 'tests/conversation/fixture/fixture.so');
const key = { type: 'string' };

const start = (t, change, options) =>
  startStack(t, {
    workers: 3,
    ...options,
    change: (config) => {
      config.plugins = [FIXTURE];
      config.tools.push(...traceTools);
      const trace = config.tools.find((one) => one.name === 'leave_trace');
      trace.inputSchema.properties.key = key;
      trace.idempotency = { argument: 'key', window_ms: 60000 };
      const properties = { begun: key, until: key, ended: key, key };
      const held = { description: 'Waits', inputSchema: { type: 'object', properties }, plugin: FIXTURE };
      config.tools.push({ name: 'hold', ...held, idempotency: { argument: 'key' }, ...change?.(config) });
    },
  });

const call = (stack, i, name, args, caller) => result(stack, i, 'tools/call', { name, arguments: args }, caller);
const text = ({ content }) => content[0].text;
const traces = async (stack) => Number(text(await call(stack, 0, 'count_traces', {})));

test('a call that is repeated with its key ran once, in whatever process, and has the same answer', async (t) => {
  const stack = await start(t);
  const first = await call(stack, 0, 'leave_trace', { email: 'a', key: 'k1' });
  for (const i of [0, 1, 2]) {
    const again = await call(stack, i, 'leave_trace', { key: 'k1', email: 'a' });
    assert.deepEqual(again.content, first.content);
    assert.deepEqual(again.structuredContent, first.structuredContent);
  }
  assert.equal(await traces(stack), 1);
  const other = await call(stack, 1, 'leave_trace', { email: 'b', key: 'k1' });
  assert.equal(other.isError, true);
  assert.match(text(other), /other arguments/);
  await call(stack, 1, 'leave_trace', { email: 'c', key: 'k1' }, { user: 'ann' });
  await call(stack, 1, 'leave_trace', { email: 'd', key: 'k2' });
  await call(stack, 1, 'leave_trace', { email: 'e' });
  await call(stack, 2, 'leave_trace', { email: 'f' });
  assert.equal(await traces(stack), 5, 'another caller, another key, and none are calls of their own');
});

test('twenty that race are one', async (t) => {
  const stack = await start(t);
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => call(stack, i % 3, 'leave_trace', { email: 'a', key: 'race' })));
  assert.equal(await traces(stack), 1);
  for (const one of all) if (one.isError) assert.match(text(one), /running/);
  assert.ok(all.some((one) => !one.isError));
});

test('what still runs is not run again; what was refused for its arguments is', async (t) => {
  const stack = await start(t);
  const [begun, release] = [file(stack), file(stack)];
  const running = call(stack, 0, 'hold', { begun, until: release, key: 'slow' });
  await written(begun);
  const again = await call(stack, 1, 'hold', { begun, until: release, key: 'slow' });
  assert.equal(again.isError, true);
  assert.match(text(again), /running/);
  touch(release);
  assert.equal(text(await running), 'held');
  assert.equal(text(await call(stack, 2, 'hold', { begun, until: release, key: 'slow' })), 'held');
  assert.equal((await call(stack, 0, 'leave_trace', { email: 7, key: 'bad' })).isError, true);
  assert.notEqual((await call(stack, 0, 'leave_trace', { email: 'x', key: 'bad' })).isError, true);
});

test('slow: of one whose process died nobody knows, and it does not run', async (t) => {
  const stack = await start(t);
  const begun = file(stack);
  const args = { begun, until: file(stack), key: 'lost' };
  const lost = call(stack, 0, 'hold', args).catch(() => 'lost');
  await written(begun);
  await stack.workers[0].kill('SIGKILL');
  await lost;
  const told = await until('its end is known', async () => {
    const one = await call(stack, 1, 'hold', args);
    return /nobody knows/.test(text(one)) && one;
  });
  assert.equal(told.isError, true);
});

test('so many in a minute, for all processes together, and then a sentence with a time', async (t) => {
  const stack = await start(t, (config) => {
    config.tools.find((one) => one.name === 'leave_trace').limit = { per_minute: 5 };
  });
  const all = [];
  for (let i = 0; i < 9; i++) all.push(await call(stack, i % 3, 'leave_trace', { email: `${i}` }));
  assert.equal(await traces(stack), 5);
  const refused = all.filter((one) => one.isError);
  assert.equal(refused.length, 4);
  for (const one of refused) assert.match(text(one), /try again in \d+ s/);
});

test('each user has a share of his own, where that is said', async (t) => {
  const stack = await start(t, (config) => {
    config.tools.find((one) => one.name === 'leave_trace').limit = { per_minute: 2, each: 'user' };
  });
  for (const user of ['ann', 'bob']) {
    const all = [];
    for (let i = 0; i < 3; i++) all.push(await call(stack, i, 'leave_trace', { email: `${user}${i}` }, { user }));
    assert.deepEqual(all.map((one) => one.isError ?? false), [false, false, true]);
  }
});

test('so many at once; the place of one that ended, or whose process died, is free', async (t) => {
  const stack = await start(t, () => ({ limit: { concurrent: 2 } }));
  const release = file(stack);
  const begin = async (i) => {
    const begun = file(stack);
    const done = call(stack, i, 'hold', { begun, until: release }).catch(() => null);
    await written(begun);
    return done;
  };
  const both = [begin(0), begin(1)];
  await until('both run', async () => (await stack.status()).processes.reduce((sum, one) => sum + one.running, 0) >= 2);
  const third = await call(stack, 2, 'hold', {});
  assert.equal(third.isError, true);
  assert.match(text(third), /try again/);
  await stack.workers[0].kill('SIGKILL');
  await until('its place is free', async () => !(await call(stack, 2, 'hold', {})).isError);
  touch(release);
  await Promise.all(both);
  for (const i of [1, 2]) assert.notEqual((await call(stack, i, 'hold', {})).isError, true);
});

test('in a session it is the same; without a broker what is limited does not run', async (t) => {
  const stack = await start(t, (config) => {
    config.tools.find((one) => one.name === 'leave_trace').limit = { per_minute: 1000 };
  });
  const session = await openSession(stack);
  const call2 = () => session.call(1, 'tools/call', { name: 'leave_trace', arguments: { email: 'a', key: 's' } });
  assert.deepEqual((await call2()).result, (await call2()).result);
  assert.equal(await traces(stack), 1);
  await stack.broker.kill('SIGKILL');
  const refused = await call(stack, 1, 'leave_trace', { email: 'a' });
  assert.equal(refused.isError, true);
  assert.match(text(refused), /try again/i);
  assert.equal(await traces(stack), 1);
});

test('the example does what it says', async (t) => {
  const stack = await startStack(t, { workers: 2, change: () => readConfig(path.join(top, 'examples/access.json')) });
  const args = { name: 'Ida', email: 'ida@example.com', request_id: 'r1' };
  const [one, again] = [await call(stack, 0, 'add_client', args, { user: 'ann' }), await call(stack, 1, 'add_client', args, { user: 'ann' })];
  assert.notEqual(one.isError, true, text(one));
  assert.deepEqual(again.content, one.content);
  const notes = execFileSync('sqlite3', [path.join(stack.dir, 'clients.db'), "SELECT notes FROM clients WHERE name = 'Ida'"], { encoding: 'utf8' });
  assert.equal(notes, 'by ann\n');
  const listed = (user) => result(stack, 0, 'tools/list', {}, { user }).then(({ tools }) => tools.map((tool) => tool.name));
  assert.deepEqual(await listed('bob'), ['add_client']);
  assert.deepEqual(await listed('eve'), []);
});

// io.modelcontextprotocol/tasks: a call that goes on without its caller. Any
// process answers for it; tests/conversation/watch.test.mjs has who listens.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../lib/stack.mjs';
import { accept, assertError, file, modern, openSession, result, startFixture, TASKS, touch, WITH_TASKS, written } from './fixture/fixture.mjs';

const THREADS = 4;
const SLOTS = 2;
const stack = await startFixture({ after }, { workers: 3, threads: THREADS, slots: SLOTS });
const tasks = { capabilities: WITH_TASKS };
const TERMINAL = /^(completed|failed|cancelled)$/;

// Each speaks with process i.
const call = (i, name, args, options) => result(stack, i, 'tools/call', { name, arguments: args }, { ...tasks, ...options });
const get = (i, taskId, options) => result(stack, i, 'tasks/get', { taskId }, { ...tasks, ...options });
const update = (i, taskId, inputResponses, options) => result(stack, i, 'tasks/update', { taskId, inputResponses }, { ...tasks, ...options });
const cancel = (i, taskId, options) => result(stack, i, 'tasks/cancel', { taskId }, { ...tasks, ...options });
const try_ = (i, method, params, options) => modern(stack, i, method, params, { ...tasks, ...options });

async function begin(i, name, args, options) {
  const made = await call(i, name, args, options);
  assert.equal(made.resultType, 'task', JSON.stringify(made));
  return made.taskId;
}

const becomes = (i, taskId, status, options) =>
  until(`it is ${status}`, async () => {
    const task = await get(i, taskId, options);
    assert.ok(task.status === status || !TERMINAL.test(task.status), JSON.stringify(task));
    return task.status === status && task;
  });

function assertAcknowledged(found) {
  assert.deepEqual(Object.keys(found).toSorted(), ['_meta', 'resultType']);
  assert.equal(found.resultType, 'complete');
}

// --- one task ------------------------------------------------------------------------------

test('it is made, worked at, and completed', async () => {
  const go = file(stack);
  const made = await call(0, 'task_hold', { until: go });
  assert.equal(made.resultType, 'task');
  assert.match(made.taskId, /^[0-9a-f]{32}$/);
  assert.equal(made.status, 'working');
  for (const at of [made.createdAt, made.lastUpdatedAt]) assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(Number.isInteger(made.ttlMs) && made.ttlMs > 0);
  assert.ok(Number.isInteger(made.pollIntervalMs) && made.pollIntervalMs > 0);
  const keys = ['taskId', 'status', 'createdAt', 'lastUpdatedAt', 'ttlMs', 'pollIntervalMs', 'resultType', '_meta'];
  assert.deepEqual(Object.keys(made).toSorted(), keys.toSorted());

  const working = await get(1, made.taskId);
  assert.equal(working.resultType, 'complete');
  assert.equal(working.status, 'working');
  assert.deepEqual(Object.keys(working).toSorted(), keys.toSorted());

  touch(go);
  const done = await becomes(2, made.taskId, 'completed');
  assert.equal(done.result.content[0].text, 'held');
  assert.equal(done.result.resultType, 'complete');
  assert.equal(done.createdAt, made.createdAt);
  assert.equal(done.error, undefined);
  assert.equal(done.inputRequests, undefined);
  assert.equal(done._meta['io.modelcontextprotocol/related-task'], undefined);
  assert.deepEqual(await get(0, made.taskId), done, 'and stays so');
});

test('it can be asked for as soon as it is made, anywhere', async () => {
  for (let n = 0; n < 10; n++) {
    const taskId = await begin(n % 3, 'task_hold');
    await becomes((n + 1) % 3, taskId, 'completed');
  }
});

test('a tool that failed has completed, with isError', async () => {
  const done = await becomes(1, await begin(0, 'task_err'), 'completed');
  assert.equal(done.result.isError, true);
});

test('a protocol error has failed', async () => {
  const done = await becomes(1, await begin(0, 'task_fail'), 'failed');
  assert.deepEqual(done.error, { code: -32001, message: 'It broke', data: { why: 'so' } });
  assert.equal(done.statusMessage, 'It broke');
  assert.equal(done.result, undefined);
});

test('a result that is larger than a task can hold has failed', async () => {
  const done = await becomes(1, await begin(0, 'task_large', { bytes: 70000 }), 'failed');
  assert.equal(done.error.code, -32603);
  assert.match(done.error.message, /larger/);
  const fits = await becomes(1, await begin(0, 'task_large', { bytes: 60000 }), 'completed');
  assert.equal(fits.result.content[0].text.length, 60000);
});

test('the task argument of an older draft is ignored', async () => {
  const made = await result(stack, 0, 'tools/call', { name: 'task_hold', task: { ttl: 1 } }, tasks);
  assert.equal(made.resultType, 'task');
  const plain = await result(stack, 0, 'tools/call', { name: 'count_clients', task: { ttl: 1 } }, tasks);
  assert.equal(plain.resultType, 'complete');
});

// --- who takes tasks --------------------------------------------------------------------------

test('who has not said so gets the result itself', async () => {
  for (const capabilities of [{}, { extensions: {} }, { extensions: { other: {} } }, { tasks: {} }]) {
    const found = await call(0, 'task_hold', {}, { capabilities });
    assert.equal(found.resultType, 'complete');
    assert.equal(found.content[0].text, 'held');
  }
});

test('what must be a task is refused to who takes none', async () => {
  const answer = await try_(0, 'tools/call', { name: 'task_hold', arguments: { must: true } }, { capabilities: {} });
  assertError(answer, 400, -32021);
  assert.deepEqual(answer.json.error.data, { requiredCapabilities: { extensions: { [TASKS]: {} } } });
  const legacy = await (await openSession(stack)).call(0, 'tools/call', { name: 'task_hold', arguments: { must: true } });
  assert.ok(legacy.error);
  const sync = await (await openSession(stack)).call(0, 'tools/call', { name: 'task_hold', arguments: {} });
  assert.equal(sync.result.content[0].text, 'held');
});

test('and so are the methods', async () => {
  const taskId = await begin(0, 'task_hold');
  for (const [method, params] of [
    ['tasks/get', { taskId }],
    ['tasks/update', { taskId, inputResponses: {} }],
    ['tasks/cancel', { taskId }],
  ]) {
    const answer = await try_(0, method, params, { capabilities: {} });
    assertError(answer, 400, -32021);
    assert.deepEqual(answer.json.error.data, { requiredCapabilities: { extensions: { [TASKS]: {} } } });
    assert.equal((await stack.call(0, method, params)).error.code, -32601, 'no method of the eras before');
  }
});

// --- whose it is ---------------------------------------------------------------------------------

test('a task nobody has is -32602', async () => {
  for (const taskId of ['0'.repeat(32), 'x', '', 'x'.repeat(32), 'x'.repeat(5000), `${'0'.repeat(31)}/`]) {
    const headers = taskId === '' ? { 'Mcp-Name': ' ' } : {};
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const answer = await try_(0, method, { taskId, inputResponses: {} }, { headers });
      if (taskId === '') assert.equal(answer.status, 400); // a name that no header can say
      else assertError(answer, 200, -32602);
    }
  }
  assertError(await try_(0, 'tasks/get', { taskId: 1 }, { headers: { 'Mcp-Name': '1' } }), 200, -32602);
});

test("another subject's task is not there", async () => {
  const taskId = await begin(0, 'task_ask', {}, { user: 'alice' });
  await becomes(0, taskId, 'input_required', { user: 'alice' });
  for (const user of ['bob', '']) {
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const params = { taskId, inputResponses: { k0: accept('stolen') } };
      assertError(await try_(1, method, params, { user }), 200, -32602);
    }
  }
  await update(1, taskId, { k0: accept('mine') }, { user: 'alice' });
  const done = await becomes(2, taskId, 'completed', { user: 'alice' });
  assert.match(done.result.content[0].text, /mine/);
});

// --- what it asks -----------------------------------------------------------------------------------

test('it asks through the task; what is answered is gone from it, what is not stays', async () => {
  const taskId = await begin(0, 'task_ask', { n: 2 });
  const asking = await becomes(1, taskId, 'input_required');
  assert.deepEqual(Object.keys(asking.inputRequests), ['k0', 'k1']);
  assert.deepEqual(asking.inputRequests.k0, {
    method: 'elicitation/create',
    params: { message: 'k0', requestedSchema: { type: 'object', properties: { v: { type: 'string' } } } },
  });
  assert.equal(asking.requestState, undefined);

  assertAcknowledged(await update(1, taskId, { k1: accept('one'), unheard: accept('x') }));
  const half = await until('one is left', async () => {
    const task = await get(2, taskId);
    return Object.keys(task.inputRequests ?? {}).length === 1 && task;
  });
  assert.equal(half.status, 'input_required');
  assert.deepEqual(Object.keys(half.inputRequests), ['k0']);

  assertAcknowledged(await update(0, taskId, { k1: accept('again') }));
  assertAcknowledged(await update(2, taskId, { k0: accept('nought') }));
  const done = await becomes(1, taskId, 'completed');
  assert.deepEqual(done.result.content.map((one) => JSON.parse(one.text).content.v), ['nought', 'one']);
  assertAcknowledged(await update(0, taskId, { k0: accept('late') }));
});

test('answers that are no object are -32602, and none at all too', async () => {
  const taskId = await begin(0, 'task_ask');
  await becomes(0, taskId, 'input_required');
  for (const inputResponses of [1, [], 'x', undefined]) {
    assertError(await try_(0, 'tasks/update', { taskId, inputResponses }), 200, -32602, /inputResponses/);
  }
  assertAcknowledged(await update(0, taskId, {}));
  assert.equal((await get(0, taskId)).status, 'input_required');
  await cancel(0, taskId);
});

test('an answer that is none is -32602, and the task goes on asking', async () => {
  const taskId = await begin(0, 'task_ask', { n: 2 });
  await becomes(0, taskId, 'input_required');
  for (const answer of [12345, null, {}, { action: 'perhaps' }]) {
    const inputResponses = { k0: accept('x'), k1: answer };
    assertError(await try_(1, 'tasks/update', { taskId, inputResponses }), 200, -32602, /k1/);
  }
  assert.deepEqual(Object.keys((await get(0, taskId)).inputRequests), ['k0', 'k1'], 'nor was the other heard');
  await update(1, taskId, { k0: accept('0'), k1: accept('1') });
  await becomes(0, taskId, 'completed');
});

test('what is asked before there is a task is asked in rounds, what is asked after it in the task', async () => {
  const asked = await call(0, 'ask_then_task');
  assert.equal(asked.resultType, 'input_required');
  assert.equal(asked.taskId, undefined);
  const params = { name: 'ask_then_task', inputResponses: { before: accept('b') }, requestState: asked.requestState };
  const made = await result(stack, 1, 'tools/call', params, tasks);
  assert.equal(made.resultType, 'task');
  assert.equal(made.requestState, undefined);
  assert.equal(made.inputRequests, undefined);
  assert.deepEqual(Object.keys((await becomes(2, made.taskId, 'input_required')).inputRequests), ['after']);
  await update(0, made.taskId, { after: accept('a') });
  const done = await becomes(0, made.taskId, 'completed');
  assert.equal(done.result.content[0].text, JSON.stringify(accept('b')) + JSON.stringify(accept('a')));
});

// --- its end ---------------------------------------------------------------------------------------------

test('it is cancelled from another process: its handler sees it', async () => {
  const [begun, ended] = [file(stack), file(stack)];
  const taskId = await begin(0, 'task_hold', { begun, until: file(stack), ended });
  await written(begun);
  assertAcknowledged(await cancel(1, taskId));
  assert.equal(await written(ended), 'cancelled');
  const done = await becomes(2, taskId, 'cancelled');
  assert.equal(done.result, undefined);
  assert.equal(done.error, undefined);
});

test('it is cancelled while it asks', async () => {
  const taskId = await begin(0, 'task_ask', { n: 2 });
  await becomes(1, taskId, 'input_required');
  assertAcknowledged(await cancel(2, taskId));
  const done = await becomes(1, taskId, 'cancelled');
  assert.equal(done.inputRequests, undefined);
});

test('what has ended is cancelled with the same word, and stays as it is', async () => {
  const taskId = await begin(0, 'task_hold');
  await becomes(0, taskId, 'completed');
  assertAcknowledged(await cancel(1, taskId));
  assert.equal((await get(1, taskId)).status, 'completed');
});

test('no notifications/cancelled and no closed connection ends it', async () => {
  const go = file(stack);
  const taskId = await begin(0, 'task_hold', { until: go }, { id: 'mine' });
  await stack.say(0, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'mine' } });
  touch(go);
  await becomes(1, taskId, 'completed');
});

// --- many ---------------------------------------------------------------------------------------------------

test('there are more tasks than slots and threads at once, while other calls run', async () => {
  const go = file(stack);
  const made = [];
  for (let n = 0; n < 4 * THREADS; n++) made.push(await begin(0, 'task_hold', { until: go }));
  for (let n = 0; n < 3 * SLOTS; n++) assert.ok(await result(stack, 0, 'tools/call', { name: 'count_clients' }));
  const [one, begun] = [file(stack), file(stack)];
  const holding = call(0, 'hold', { begun, until: one });
  await written(begun);
  touch(go);
  for (const taskId of made) await becomes(1, taskId, 'completed');
  touch(one);
  assert.equal((await holding).content[0].text, 'held');
});

test('who waits for a slot gets the one of a call that becomes a task', async (t) => {
  const small = await startFixture(t, { threads: 3, slots: 1 });
  const go = file(small);
  const asked = Array.from({ length: 6 }, () => result(small, 0, 'tools/call', { name: 'task_hold', arguments: { until: go } }, tasks));
  const made = await Promise.all(asked);
  assert.ok(await result(small, 0, 'tools/call', { name: 'count_clients' }));
  touch(go);
  for (const { taskId } of made) {
    await until('it is completed', async () => (await result(small, 0, 'tasks/get', { taskId }, tasks)).status === 'completed');
  }
});

test('while the broker is away there are no tasks, and that is said', async (t) => {
  const alone = await startFixture(t);
  await alone.broker.kill();
  const answer = await modern(alone, 0, 'tools/call', { name: 'task_hold', arguments: {} }, tasks);
  assert.equal(answer.json.error.code, -32603);
  assert.match(answer.json.error.message, /not available/);
});

test('slow: the tasks of a worker that was killed have failed', async (t) => {
  const site = await startFixture(t, { workers: 2 });
  const begun = file(site);
  const made = [
    await result(site, 0, 'tools/call', { name: 'task_hold', arguments: { begun, until: file(site) } }, tasks),
    await result(site, 0, 'tools/call', { name: 'task_ask', arguments: {} }, tasks),
  ];
  await written(begun);
  await site.workers[0].kill();
  for (const { taskId } of made) {
    const task = await until('it has failed', async () => {
      const one = await result(site, 1, 'tasks/get', { taskId }, tasks);
      return one.status === 'failed' && one;
    });
    assert.equal(task.error.code, -32603);
    assert.match(task.error.message, /gone/);
    assert.equal(task.inputRequests, undefined);
    assert.equal((await result(site, 1, 'tasks/get', { taskId }, tasks)).status, 'failed');
    assertAcknowledged(await result(site, 1, 'tasks/cancel', { taskId }, tasks));
  }
});

test('an answer that was acknowledged is asked for no more', async () => {
  for (let n = 0; n < 20; n++) {
    const { taskId } = await result(stack, 0, 'tools/call', { name: 'task_ask', arguments: { n: 2 } }, tasks);
    await until('it asks', async () => (await get(1, taskId)).status === 'input_required');
    await update(1, taskId, { k0: accept('a') });
    assert.deepEqual(Object.keys((await get(1, taskId)).inputRequests), ['k1']);
    await update(1, taskId, { k1: accept('b') });
  }
});

// Tasks, and who watches them on subscriptions/listen.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../lib/stack.mjs';
import { accept, assertError, file, listen, modern, result, startFixture, TASKS, touch, WITH_TASKS, written } from './fixture/fixture.mjs';

const stack = await startFixture({ after }, { workers: 2, threads: 4, slots: 2 });
const tasks = { capabilities: WITH_TASKS };

// A task of worker i. -> its id
async function begin(on, i, name, args = {}, options = tasks) {
  const made = await result(on, i, 'tools/call', { name, arguments: args }, options);
  assert.equal(made.resultType, 'task');
  return made.taskId;
}

const get = (on, i, taskId, options = tasks) => result(on, i, 'tasks/get', { taskId }, options);
const watch = (on, taskIds, options) => listen(on, { taskIds }, { ...tasks, ...options });

// The next change of a task; what it says is checked against its id.
async function change(stream, taskId, id = 1) {
  const { json } = await stream.next('message');
  assert.equal(json.method, 'notifications/tasks');
  const { _meta, ...task } = json.params;
  assert.equal(task.taskId, taskId);
  assert.deepEqual(_meta, { 'io.modelcontextprotocol/subscriptionId': id });
  return task;
}

// What tasks/get says beside the task.
function bare({ resultType, _meta, ...task }) {
  assert.equal(resultType, 'complete');
  assert.ok(_meta);
  return task;
}

test('who watches a task hears how it is, of every change, and of its end', async () => {
  const taskId = await begin(stack, 0, 'task_ask', { n: 2 });
  await until('it asks', async () => (await get(stack, 1, taskId)).status === 'input_required');
  const stream = await watch(stack, [taskId], { id: 'mine' });
  assert.deepEqual(stream.acknowledged.params.notifications, { taskIds: [taskId] });

  const first = await change(stream, taskId, 'mine');
  assert.deepEqual(Object.keys(first.inputRequests), ['k0', 'k1']);
  assert.deepEqual(first, bare(await get(stack, 1, taskId)));

  await result(stack, 1, 'tasks/update', { taskId, inputResponses: { k0: accept('a'), k7: accept('x') } }, tasks);
  const second = await change(stream, taskId, 'mine');
  assert.equal(second.status, 'input_required');
  assert.deepEqual(Object.keys(second.inputRequests), ['k1']);

  await result(stack, 1, 'tasks/update', { taskId, inputResponses: { k1: accept('b') } }, tasks);
  assert.equal((await change(stream, taskId, 'mine')).status, 'working');
  const last = await change(stream, taskId, 'mine');
  assert.equal(last.status, 'completed');
  assert.equal(last.result.content.length, 2);
  assert.deepEqual(last, bare(await get(stack, 1, taskId)));
});

test('of a task that has ended one hears its end at once', async () => {
  const taskId = await begin(stack, 0, 'task_fail');
  await until('it has failed', async () => (await get(stack, 1, taskId)).status === 'failed');
  const stream = await watch(stack, [taskId]);
  const task = await change(stream, taskId);
  assert.equal(task.status, 'failed');
  assert.deepEqual(task.error, { code: -32001, message: 'It broke', data: { why: 'so' } });
});

test('cancelling is heard', async () => {
  const begun = file(stack);
  const taskId = await begin(stack, 0, 'task_hold', { begun, until: file(stack) });
  const stream = await watch(stack, [taskId]);
  assert.equal((await change(stream, taskId)).status, 'working');
  await written(begun);
  await result(stack, 1, 'tasks/cancel', { taskId }, tasks);
  assert.equal((await change(stream, taskId)).status, 'cancelled');
});

test('who takes no tasks cannot watch them', async () => {
  const stream = await listen(stack, { taskIds: ['x'] });
  assert.equal(stream.status, 400);
  const { error, id } = JSON.parse(await stream.text);
  assert.equal(id, 1);
  assert.equal(error.code, -32021);
  assert.deepEqual(error.data, { requiredCapabilities: { extensions: { [TASKS]: {} } } });
});

test("only what is there, and one's own, is acknowledged and heard", async () => {
  const go = file(stack);
  const taskId = await begin(stack, 0, 'task_hold', { until: go }, { ...tasks, user: 'alice' });
  const mine = await watch(stack, [taskId, '0'.repeat(32), 'x', ''], { user: 'alice' });
  const theirs = await watch(stack, [taskId], { user: 'bob' });
  assert.deepEqual(mine.acknowledged.params.notifications, { taskIds: [taskId] });
  assert.deepEqual(theirs.acknowledged.params.notifications, {});
  assertError(await modern(stack, 1, 'tasks/get', { taskId }, { ...tasks, user: 'bob' }), 200, -32602);
  assert.equal((await change(mine, taskId)).status, 'working');
  const told = await stack.metric('mcp_broker_told_total');
  touch(go);
  assert.equal((await change(mine, taskId)).status, 'completed');
  assert.equal(await stack.metric('mcp_broker_told_total'), told + 1);
});

test('tasks beyond the slots block no other call', async () => {
  const go = file(stack);
  const ids = [];
  for (let i = 0; i < 20; i++) ids.push(await begin(stack, 0, 'task_hold', { until: go }));
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => result(stack, 0, 'tools/call', { name: 'log_all', arguments: {} }, tasks)),
  );
  assert.ok(answers.every((one) => one.content[0].text === 'logged'));
  touch(go);
  for (const id of ids) await until('it has ended', async () => (await get(stack, 0, id)).status === 'completed');
});

test('the tasks of a worker that dies have failed, and who watches hears it', async (t) => {
  const own = await startFixture(t, { workers: 2 });
  const begun = file(own);
  const taskId = await begin(own, 0, 'task_hold', { begun, until: file(own) });
  const asking = await begin(own, 0, 'task_ask');
  await written(begun);
  await until('it asks', async () => (await get(own, 1, asking)).status === 'input_required');
  const stream = await watch(own, [taskId, asking]);
  assert.equal((await change(stream, taskId)).status, 'working');
  assert.equal((await change(stream, asking)).status, 'input_required');
  await own.workers[0].kill('SIGKILL');
  const gone = [];
  for (let i = 0; i < 2; i++) gone.push((await stream.next('message', 10000)).json.params);
  assert.deepEqual(gone.map((one) => one.taskId).sort(), [taskId, asking].sort());
  for (const one of gone) {
    assert.deepEqual([one.status, one.error.code, one.inputRequests], ['failed', -32603, undefined]);
    const found = await get(own, 1, one.taskId);
    assert.deepEqual([found.status, found.error], ['failed', one.error]);
  }
  const later = await watch(own, [taskId]);
  assert.equal((await change(later, taskId)).status, 'failed');
});

test('an answer that is none is refused, and the task still waits for one', async () => {
  const taskId = await begin(stack, 0, 'task_ask');
  await until('it asks', async () => (await get(stack, 1, taskId)).status === 'input_required');
  for (const wrong of [null, 7, {}, { action: 'perhaps' }]) {
    assertError(await modern(stack, 1, 'tasks/update', { taskId, inputResponses: { k0: wrong } }, tasks), 200, -32602, /k0/);
  }
  assert.equal((await get(stack, 1, taskId)).status, 'input_required');
  await result(stack, 1, 'tasks/update', { taskId, inputResponses: { k0: { action: 'decline' } } }, tasks);
  await until('it has ended', async () => (await get(stack, 1, taskId)).status === 'completed');
});

test('one task too many is refused, and no other call is', async () => {
  const go = file(stack);
  const ids = [];
  for (let i = 0; i < 256; i++) ids.push(await begin(stack, 0, 'task_hold', { until: go }));
  const others = Array.from({ length: 20 }, () => modern(stack, 0, 'tools/call', { name: 'nap', arguments: { ms: 50 } }, tasks));
  for (let i = 0; i < 4; i++) {
    const answer = await modern(stack, 0, 'tools/call', { name: 'task_hold', arguments: { until: go } }, tasks);
    assertError(answer, 200, -31999, /Too many tasks/);
  }
  for (const other of others) assert.equal((await other).json.result?.content[0].text, 'slept');
  touch(go);
  await Promise.all(ids.map((id) => until('it has ended', async () => (await get(stack, 0, id)).status === 'completed')));
  const last = await begin(stack, 0, 'task_err');
  await until('it has ended', async () => (await get(stack, 0, last)).result?.isError === true);
});

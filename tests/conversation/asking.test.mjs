// 2026-07-28: a handler that asks sends the client away with its questions, and
// runs again, anywhere, once it comes back with answers.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../lib/stack.mjs';
import { accept, ALL, assertError, file, lines, modern, result, ROOTS, sampled, startFixture } from './fixture/fixture.mjs';

const stack = await startFixture({ after }, { workers: 3 });
const texts = (found) => found.content.map((one) => one.text);

// One round at process i. -> the result
const round = (i, name, args, { inputResponses, requestState, capabilities = ALL, ...options } = {}) =>
  result(stack, i, 'tools/call', { name, arguments: args, inputResponses, requestState }, { capabilities, ...options });
const refused = (i, params, options) => modern(stack, i, 'tools/call', params, { capabilities: ALL, ...options });

const methods = (found) => Object.fromEntries(Object.entries(found.inputRequests).map(([key, one]) => [key, one.method]));

// --- one round ---------------------------------------------------------------------------

test('a question is asked, answered in another process, and heard', async () => {
  const asked = await round(0, 'ask_forms');
  assert.equal(asked.resultType, 'input_required');
  assert.deepEqual(Object.keys(asked.inputRequests), ['k0']);
  assert.deepEqual(asked.inputRequests.k0, {
    method: 'elicitation/create',
    params: { message: 'k0', requestedSchema: { type: 'object', properties: { v: { type: 'string' } } } },
  });
  assert.match(asked.requestState, /^[A-Za-z0-9_-]+$/);
  assert.equal(asked.content, undefined);
  assert.ok(asked._meta['io.modelcontextprotocol/serverInfo']);

  const { requestState } = asked;
  const found = await round(1, 'ask_forms', undefined, { requestState, inputResponses: { k0: accept('yes') } });
  assert.equal(found.resultType, 'complete');
  assert.deepEqual(JSON.parse(texts(found)[0]), accept('yes'));
});

test('several questions of every kind go out at once', async () => {
  const asked = await round(0, 'ask_all');
  assert.deepEqual(methods(asked), {
    form: 'elicitation/create',
    url: 'elicitation/create',
    sample: 'sampling/createMessage',
    roots: 'roots/list',
  });
  assert.equal(asked.inputRequests.url.params.mode, 'url');
  assert.equal(asked.inputRequests.url.params.url, 'https://page.example/');
  assert.equal(asked.inputRequests.sample.params.maxTokens, 10);
  const inputResponses = { form: accept('a'), url: { action: 'accept' }, sample: sampled('b'), roots: ROOTS };
  const found = await round(2, 'ask_all', undefined, { requestState: asked.requestState, inputResponses });
  assert.equal(texts(found)[0], Object.values(inputResponses).map((one) => JSON.stringify(one)).join(''));
});

test('answers may come without the state, where there was one round', async () => {
  const found = await round(1, 'ask_forms', undefined, { inputResponses: { k0: accept('at once') } });
  assert.equal(found.resultType, 'complete');
});

test('declined and cancelled are answers', async () => {
  for (const answer of [{ action: 'decline' }, { action: 'cancel' }]) {
    const found = await round(0, 'ask_forms', undefined, { inputResponses: { k0: answer } });
    assert.deepEqual(JSON.parse(texts(found)[0]), answer);
  }
});

test('a prompt and a resource may ask too', async () => {
  const options = { capabilities: ALL };
  const prompt = await result(stack, 0, 'prompts/get', { name: 'asking' }, options);
  assert.deepEqual(methods(prompt), { roots: 'roots/list' });
  const { requestState } = prompt;
  const got = await result(stack, 1, 'prompts/get', { name: 'asking', requestState, inputResponses: { roots: ROOTS } }, options);
  assert.deepEqual(JSON.parse(got.messages[0].content.text), ROOTS);

  const resource = await result(stack, 0, 'resources/read', { uri: 'fixture://asking' }, options);
  assert.equal(resource.resultType, 'input_required');
  const answered = { uri: 'fixture://asking', requestState: resource.requestState, inputResponses: { form: accept('r') } };
  const read = await result(stack, 1, 'resources/read', answered, options);
  assert.deepEqual(JSON.parse(read.contents[0].text), accept('r'));
});

test('lists are never asking', async () => {
  for (const method of ['tools/list', 'prompts/list', 'resources/list', 'server/discover']) {
    assert.equal((await result(stack, 0, method, {}, { capabilities: ALL })).resultType, 'complete');
  }
});

// --- what is missing, too much, or ill-shaped --------------------------------------------------

test('what was not answered is asked again, what was is remembered', async () => {
  const first = await round(0, 'ask_forms', { n: 3 });
  assert.deepEqual(Object.keys(first.inputRequests), ['k0', 'k1', 'k2']);
  const second = await round(1, 'ask_forms', { n: 3 }, {
    requestState: first.requestState,
    inputResponses: { k1: accept('one') },
  });
  assert.deepEqual(Object.keys(second.inputRequests), ['k0', 'k2']);
  assert.notEqual(second.requestState, first.requestState);
  const third = await round(2, 'ask_forms', { n: 3 }, {
    requestState: second.requestState,
    inputResponses: { k0: accept('nought'), k2: accept('two') },
  });
  assert.deepEqual(texts(third).map((text) => JSON.parse(text).content.v), ['nought', 'one', 'two']);
});

test('an answer that was given stands, whatever is said later', async () => {
  const first = await round(0, 'ask_forms', { n: 2 });
  const second = await round(0, 'ask_forms', { n: 2 }, { requestState: first.requestState, inputResponses: { k0: accept('first') } });
  const third = await round(0, 'ask_forms', { n: 2 }, {
    requestState: second.requestState,
    inputResponses: { k0: accept('other'), k1: accept('x') },
  });
  assert.equal(JSON.parse(texts(third)[0]).content.v, 'first');
});

test('answers to nothing are ignored', async () => {
  const first = await round(0, 'ask_forms', undefined, { inputResponses: { wrong_key: accept('x') } });
  assert.deepEqual(Object.keys(first.inputRequests), ['k0']);
  const found = await round(0, 'ask_forms', undefined, {
    inputResponses: { k0: accept('y'), unknown: accept('x'), also: 1 },
  });
  assert.equal(found.resultType, 'complete');
});

test('an answer that is none is asked for again', async () => {
  for (const answer of [12345, null, 'x', [], {}, { action: 'perhaps' }, { action: 1 }, { content: {} }]) {
    const found = await round(0, 'ask_forms', undefined, { inputResponses: { k0: answer } });
    assert.equal(found.resultType, 'input_required', JSON.stringify(answer));
  }
  const inputResponses = { form: accept('a'), url: accept('a'), sample: { role: 'assistant' }, roots: { roots: 1 } };
  const found = await round(0, 'ask_all', undefined, { inputResponses });
  assert.deepEqual(Object.keys(found.inputRequests), ['sample', 'roots']);
});

test('answers that are no object are none: an error or the question again', async () => {
  assert.equal((await round(0, 'ask_forms', undefined, { inputResponses: null })).resultType, 'input_required');
  for (const inputResponses of [1, 'x', []]) {
    assertError(await refused(0, { name: 'ask_forms', inputResponses }), 200, -32602, /inputResponses/);
  }
});

// --- several rounds ------------------------------------------------------------------------------

test('two forms and a model, in three processes, and the deed is done once', async () => {
  const deed = file(stack);
  let found = await round(0, 'ask_then_do', { deed });
  const states = new Set();
  for (const [n, [key, answer]] of [
    ['first', accept('1')],
    ['second', accept('2')],
    ['sample', sampled('3')],
  ].entries()) {
    assert.equal(found.resultType, 'input_required');
    assert.deepEqual(Object.keys(found.inputRequests), [key]);
    assert.deepEqual(lines(deed), []);
    states.add(found.requestState);
    found = await round((n + 1) % 3, 'ask_then_do', { deed }, {
      requestState: found.requestState,
      inputResponses: { [key]: answer },
    });
  }
  assert.equal(states.size, 3, 'each round has a state of its own');
  assert.deepEqual(texts(found).slice(0, 3).map((text) => JSON.parse(text)), [accept('1'), accept('2'), sampled('3')]);
  assert.equal(texts(found)[3], '++++', 'its notes came along, from run to run');
  assert.equal(lines(deed).length, 1);
});

// --- the state is ours -------------------------------------------------------------------------------

test('a state that is altered, cut, lengthened, of another kind or no string is refused', async () => {
  const { requestState } = await round(0, 'ask_forms');
  const flip = (at) => requestState.slice(0, at) + (requestState[at] === 'A' ? 'B' : 'A') + requestState.slice(at + 1);
  const session = await stack.initialize(0);
  const bad = [flip(0), flip(40), flip(requestState.length - 2), `${requestState}-TAMPERED`, `${requestState}A`];
  for (const state of [...bad, requestState.slice(1), requestState.slice(0, -4), '', 'x', session, 1, {}]) {
    const params = { name: 'ask_forms', requestState: state, inputResponses: { k0: accept('x') } };
    assertError(await refused(1, params), 200, -32602, /requestState/);
  }
});

test('a state of another request is refused: other tool, other arguments, other method', async () => {
  const { requestState } = await round(0, 'ask_forms', { n: 1 });
  const inputResponses = { k0: accept('x') };
  for (const params of [
    { name: 'ask_all', arguments: { n: 1 } },
    { name: 'ask_forms', arguments: { n: 2 } },
    { name: 'ask_forms', arguments: {} },
    { name: 'ask_forms' },
    { name: 'ask_forms', arguments: { n: 1 }, more: 1 },
  ]) {
    assertError(await refused(0, { ...params, requestState, inputResponses }), 200, -32602, /another/);
  }
  const other = await modern(stack, 0, 'prompts/get', { name: 'asking', requestState }, { capabilities: ALL });
  assertError(other, 200, -32602, /another/);
  const found = await round(0, 'ask_forms', { n: 1 }, { requestState, inputResponses });
  assert.equal(found.resultType, 'complete', 'its own request it still fits');
});

test("another subject's state is refused", async () => {
  const { requestState } = await round(0, 'ask_forms', undefined, { user: 'alice' });
  const params = { name: 'ask_forms', requestState, inputResponses: { k0: accept('x') } };
  for (const user of ['bob', '']) assertError(await refused(0, params, { user }), 200, -32602, /another/);
  assert.equal((await refused(1, params, { user: 'alice' })).json.result.resultType, 'complete');
});

test('a state is good for state_ms', async (t) => {
  const brief = await startFixture(t, { broker: false, limits: { state_ms: 1000 } });
  const capabilities = ALL;
  const { requestState } = await result(brief, 0, 'tools/call', { name: 'ask_forms' }, { capabilities });
  const params = { name: 'ask_forms', requestState, inputResponses: { k0: accept('x') } };
  const answer = await until('it has expired', async () => {
    const one = await modern(brief, 0, 'tools/call', params, { capabilities });
    return one.json.error && one;
  });
  assertError(answer, 200, -32602, /expired/);
});

test('notes that are more than a state can hold are an error that says so', async () => {
  assertError(await refused(0, { name: 'note_much' }), 200, -32603, /requestState/);
});

// --- capabilities ------------------------------------------------------------------------------------

test('who cannot answer is not asked: 400, -32021, before any stream', async () => {
  const form = { elicitation: {} };
  for (const [name, capabilities, required] of [
    ['ask_forms', {}, { elicitation: {} }],
    ['ask_forms', { elicitation: { url: {} } }, { elicitation: {} }],
    ['ask_all', { ...form, roots: {} }, { sampling: {} }],
    ['ask_all', { ...form, sampling: {} }, { roots: {} }],
  ]) {
    for (const headers of [{}, { Accept: 'text/event-stream' }]) {
      const answer = await refused(0, { name }, { capabilities, headers, meta: { progressToken: 1 } });
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.json.error.code, -32021);
      assert.deepEqual(answer.json.error.data, { requiredCapabilities: required });
    }
  }
});

test('where the stream has begun already, the error is its last event', async () => {
  const answer = await refused(0, { name: 'report_then_ask' }, { capabilities: {}, meta: { progressToken: 1 } });
  assert.equal(answer.status, 200);
  assert.equal(answer.json.error.code, -32021);
});

test('a capability that was declared in an earlier round does not count', async () => {
  const { requestState } = await round(0, 'ask_forms', { n: 2 });
  const params = { name: 'ask_forms', arguments: { n: 2 }, requestState, inputResponses: { k0: accept('x') } };
  assertError(await refused(0, params, { capabilities: {} }), 400, -32021);
});

test('elicitation without a mode is the form', async () => {
  assert.equal((await round(0, 'ask_forms', undefined, { capabilities: { elicitation: {} } })).resultType, 'input_required');
  const asked = await round(0, 'ask_all', undefined, { capabilities: { elicitation: {}, sampling: {}, roots: {} } });
  assert.deepEqual(Object.keys(asked.inputRequests), ['form', 'sample', 'roots']);
});

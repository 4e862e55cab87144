// Up to 2025-11-25 a handler that asks waits for its client, who answers with a
// POST of its own, to whatever process.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../lib/stack.mjs';
import { accept, ALL, file, lines, openClient, openSession, ROOTS, sampled, startFixture } from './fixture/fixture.mjs';

const PROCESSES = 4;
const THREADS = 4; // and so two slots each
const SLOTS = 2 * PROCESSES;
const stack = await startFixture({ after }, { workers: PROCESSES, threads: THREADS });
const texts = (answer) => answer.result.content.map((one) => one.text);
const tool = (name, args) => ['tools/call', { name, arguments: args }];

const isAsk = (one) => one.event === 'message' && one.data !== '' && 'method' in JSON.parse(one.data);
const isAnswer = (one) => one.event === 'message' && one.data !== '' && !('method' in JSON.parse(one.data));
const ask = async (request) => (await request.next(isAsk)).json;
const answerOf = async (request) => (await request.next(isAnswer)).json;

// --- on the answer to the POST ---------------------------------------------------------------

test('a question goes out on the answer, and is answered through another process', async () => {
  for (const protocolVersion of ['2025-03-26', '2025-06-18', '2025-11-25']) {
    const session = await openSession(stack, { capabilities: ALL, protocolVersion });
    const request = await session.begin(0, ...tool('ask_forms'));
    const asked = await ask(request);
    assert.equal(asked.jsonrpc, '2.0');
    assert.equal(asked.method, 'elicitation/create');
    assert.deepEqual(asked.params, { message: 'k0', requestedSchema: { type: 'object', properties: { v: { type: 'string' } } } });
    assert.match(asked.id, /^[0-9a-f]{32}$/, 'an id nobody can guess');
    assert.match((await request.head).headers['content-type'], /^text\/event-stream/);
    assert.equal((await request.head).headers['x-accel-buffering'], 'no');
    await session.answer(1, asked.id, accept('yes'));
    const answer = await answerOf(request);
    assert.equal(answer.id, request.id);
    assert.deepEqual(JSON.parse(texts(answer)[0]), accept('yes'));
    assert.equal(answer.result.resultType, undefined);
    await request.answer;
  }
});

test('questions of every kind go out together, and may be answered in any order', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const request = await session.begin(0, ...tool('ask_all'));
  const asked = [];
  for (let n = 0; n < 4; n++) asked.push(await ask(request));
  assert.deepEqual(
    asked.map((one) => one.method),
    ['elicitation/create', 'elicitation/create', 'sampling/createMessage', 'roots/list'],
  );
  const answers = [accept('a'), { action: 'accept' }, sampled('b'), ROOTS];
  for (const n of [3, 1, 0, 2]) await session.answer(n, asked[n].id, answers[n]);
  assert.equal(texts(await answerOf(request))[0], answers.map((one) => JSON.stringify(one)).join(''));
});

test('two forms and a model, one after another, and the deed is done once', async () => {
  const deed = file(stack);
  const session = await openSession(stack, { capabilities: ALL });
  const request = await session.begin(0, ...tool('ask_then_do', { deed }));
  for (const [n, answer] of [accept('1'), accept('2'), sampled('3')].entries()) {
    const asked = await ask(request);
    assert.deepEqual(lines(deed), []);
    await session.answer(n + 1, asked.id, answer);
  }
  const said = texts(await answerOf(request));
  assert.deepEqual(said.slice(0, 3).map((text) => JSON.parse(text)), [accept('1'), accept('2'), sampled('3')]);
  assert.equal(said[3], '++++', 'its notes are kept from run to run');
  assert.equal(lines(deed).length, 1);
});

test('a prompt and a resource may ask too', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const prompt = await session.begin(0, 'prompts/get', { name: 'asking' });
  await session.answer(1, (await ask(prompt)).id, ROOTS);
  assert.deepEqual(JSON.parse((await answerOf(prompt)).result.messages[0].content.text), ROOTS);
  const resource = await session.begin(0, 'resources/read', { uri: 'fixture://asking' });
  await session.answer(1, (await ask(resource)).id, accept('r'));
  assert.deepEqual(JSON.parse((await answerOf(resource)).result.contents[0].text), accept('r'));
});

// --- on streams -----------------------------------------------------------------------------------

for (const seed of [false, true]) {
  const kind = seed ? "the seed's stream" : 'HTTP+SSE';

  test(`${kind}: a question travels as a message, and is answered through another process`, async () => {
    const client = await openClient(stack, { seed, capabilities: ALL });
    const { id, posted } = await client.begin(0, ...tool('ask_all'));
    for (const [method, answer] of [
      ['elicitation/create', accept('a')],
      ['elicitation/create', { action: 'decline' }],
      ['sampling/createMessage', sampled('b')],
      ['roots/list', ROOTS],
    ]) {
      const asked = await client.next(method);
      await client.answer(1, asked.id, answer);
    }
    assert.match(texts(await client.next(id))[0], /"decline".*"assistant".*"file:\/\/\/root"/);
    assert.equal((await posted).status, seed ? 200 : 202);
  });

  test(`${kind}: the deed of the same handler is done once`, async () => {
    const deed = file(stack);
    const client = await openClient(stack, { seed, capabilities: ALL });
    const { id } = await client.begin(0, ...tool('ask_then_do', { deed }));
    for (const [method, answer] of [
      ['elicitation/create', accept('1')],
      ['elicitation/create', accept('2')],
      ['sampling/createMessage', sampled('3')],
    ]) {
      await client.answer(2, (await client.next(method)).id, answer);
    }
    assert.equal(texts(await client.next(id)).length, 4);
    assert.equal(lines(deed).length, 1);
  });

  test(`${kind}: whoever breaks and resumes can still answer`, async () => {
    const client = await openClient(stack, { seed, capabilities: ALL });
    const { id } = await client.begin(0, ...tool('ask_forms'));
    const asked = await client.next('elicitation/create');
    const last = client.stream.events.all.findLast((one) => one.id).id;
    await client.stream.close();
    client.stream = Object.assign(await stack.greeted({ headers: { 'Last-Event-ID': last } }), { endpoint: client.stream.endpoint });
    await client.answer(3, asked.id, accept('back'));
    assert.deepEqual(JSON.parse(texts(await client.next(id))[0]), accept('back'));
  });
}

// --- all at once ------------------------------------------------------------------------------------

test('as many ask at once as there are slots in all processes, and more: all are answered', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const requests = await Promise.all(
    Array.from({ length: SLOTS + PROCESSES }, (_, n) => session.begin(n % PROCESSES, ...tool('ask_forms'))),
  );
  let all = 0;
  await Promise.all(
    requests.map(async (request, n) => {
      const asked = await ask(request);
      all++;
      if (n < SLOTS) await until('all slots are taken', () => all >= SLOTS);
      await session.answer((n + 1) % PROCESSES, asked.id, accept(`${n}`));
      assert.equal(JSON.parse(texts(await answerOf(request))[0]).content.v, `${n}`);
    }),
  );
});

test('and on streams likewise', async () => {
  const clients = await Promise.all(
    Array.from({ length: SLOTS }, (_, n) => openClient(stack, { seed: n % 2 === 0, capabilities: ALL, worker: n % PROCESSES })),
  );
  let all = 0;
  await Promise.all(
    clients.map(async (client, n) => {
      const { id } = await client.begin(n % PROCESSES, ...tool('ask_forms'));
      const asked = await client.next('elicitation/create');
      all++;
      await until('all slots are taken', () => all === SLOTS);
      await client.answer((n + 1) % PROCESSES, asked.id, accept(`${n}`));
      assert.equal(JSON.parse(texts(await client.next(id))[0]).content.v, `${n}`);
    }),
  );
});

// --- who may be asked, and who may answer -----------------------------------------------------------------

test('who has not said that it can is not asked, and the call says so', async () => {
  const name = 'ask_forms';
  const none = await openSession(stack);
  const url = await openSession(stack, { capabilities: { elicitation: { url: {} } } });
  const client = await openClient(stack);
  const plain = await stack.call(0, ...tool(name));
  for (const answer of [await none.call(0, ...tool(name)), await url.call(0, ...tool(name)), await client.call(0, ...tool(name)), plain]) {
    assert.equal(answer.error.code, -32600, JSON.stringify(answer));
    assert.deepEqual(answer.error.data, { requiredCapabilities: { elicitation: {} } });
  }
});

test('an answer of another session, another stream or another subject is not heard', async () => {
  const session = await openSession(stack, { capabilities: ALL, user: 'alice' });
  const request = await session.begin(0, ...tool('ask_forms'));
  const { id } = await ask(request);
  const own = await openSession(stack, { capabilities: ALL, user: 'alice' });
  const foreign = await openSession(stack, { capabilities: ALL, user: 'bob' });
  const stream = await openClient(stack, { capabilities: ALL, user: 'alice' });
  await own.answer(1, id, accept('own'));
  await foreign.answer(1, id, accept('foreign'));
  await stream.answer(1, id, accept('stream'));
  assert.equal((await stack.say(1, { jsonrpc: '2.0', id, result: accept('plain') }, { user: 'alice' })).status, 202);
  await session.answer(1, `${id}0`, accept('other id'));
  await session.answer(1, id, accept('right'));
  assert.deepEqual(JSON.parse(texts(await answerOf(request))[0]), accept('right'));
});

test("on a stream, another stream's or another subject's answer is not heard", async () => {
  const client = await openClient(stack, { capabilities: ALL, user: 'alice' });
  const other = await openClient(stack, { capabilities: ALL, user: 'alice' });
  const { id } = await client.begin(0, ...tool('ask_forms'));
  const asked = await client.next('elicitation/create');
  await other.answer(1, asked.id, accept('other'));
  const foreign = await stack.say(1, { jsonrpc: '2.0', id: asked.id, result: accept('bob') }, { uri: client.stream.endpoint, user: 'bob' });
  assert.equal(foreign.status, 404);
  await client.answer(1, asked.id, accept('right'));
  assert.deepEqual(JSON.parse(texts(await client.next(id))[0]), accept('right'));
});

test('the first answer counts, later ones are taken and forgotten', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const request = await session.begin(0, ...tool('ask_forms', { n: 2 }));
  const [one, two] = [await ask(request), await ask(request)];
  await session.answer(1, one.id, accept('first'));
  await session.answer(2, one.id, accept('second'));
  await session.answer(3, two.id, accept('x'));
  assert.equal(JSON.parse(texts(await answerOf(request))[0]).content.v, 'first');
  await session.answer(1, one.id, accept('late'));
});

test('an error for an answer, or one of another shape, fails the call', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  for (const response of [{ error: { code: -1, message: 'User rejected' } }, { result: {} }, { result: { action: 1 } }]) {
    const request = await session.begin(0, ...tool('ask_forms'));
    await session.tell(1, { id: (await ask(request)).id, ...response });
    const { error } = await answerOf(request);
    assert.equal(error.code, -32603);
    assert.match(error.message, response.error ? /elicitation\/create.*User rejected/ : /elicitation\/create/);
  }
});

test('who takes no event stream cannot be asked', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const answer = await session.call(0, ...tool('ask_forms'), { headers: { Accept: 'application/json' } });
  assert.equal(answer.error.code, -32603);
  assert.match(answer.error.message, /cannot be asked/);
});

// --- who does not answer -----------------------------------------------------------------------------------

test('at the deadline of the call nobody waits any more', async (t) => {
  const brief = await startFixture(t, { limits: { call_ms: 200 } });
  const session = await openSession(brief, { capabilities: ALL });
  const request = await session.begin(0, ...tool('ask_forms'));
  const { id } = await ask(request);
  const { error } = await answerOf(request);
  assert.equal(error.code, -32603);
  assert.match(error.message, /in time/);
  await session.answer(0, id, accept('late'));
  const client = await openClient(brief, { capabilities: ALL });
  assert.match((await client.call(0, ...tool('ask_forms'))).error.message, /in time/);
});

// what the worker's log says of the call to this tool
const ended = (on, i, name) => until(`${name} has ended`, () => new RegExp(` name=${name} .*code=(\\S+)`).exec(on.workers[i].stderr)?.[1]);

test('when the stream is gone for good, nobody is waited for', async (t) => {
  const brief = await startFixture(t, { limits: { resume_ms: 50 } });
  const client = await openClient(brief, { capabilities: ALL });
  await client.begin(0, ...tool('ask_forms'));
  await client.next('elicitation/create');
  await client.stream.close();
  assert.equal(await ended(brief, 0, 'ask_forms'), '-32603');
});

test('when the session ends, nobody is waited for', async () => {
  const session = await openSession(stack, { capabilities: ALL });
  const request = await session.begin(0, ...tool('ask_forms'));
  await ask(request);
  assert.equal((await session.end(1)).status, 204);
  const { error } = await answerOf(request);
  assert.match(error.message, /gone/);
});

test('a session whose connection broke is waited for: it has cancelled nothing', async () => {
  for (const protocolVersion of ['2025-06-18', '2025-11-25']) {
    const deed = file(stack);
    const session = await openSession(stack, { capabilities: ALL, protocolVersion });
    const stream = await session.stream();
    const request = await session.begin(0, ...tool('ask_then_do', { deed }));
    const { id } = await ask(request);
    await request.connection.close();
    await session.answer(1, id, accept('1'));
    await stream.close();
    if (protocolVersion < '2025-11-25') {
      await session.end(2); // the next question has no way out
      continue;
    }
    const last = request.events.all.findLast((one) => one.id).id;
    const rest = await session.stream(last);
    await session.answer(2, (await rest.next(isAsk)).json.id, accept('2'));
    await session.answer(3, (await rest.next(isAsk)).json.id, sampled('3'));
    assert.equal(texts((await rest.next(isAnswer)).json).length, 4);
    assert.equal(lines(deed).length, 1);
  }
});

test('a batch cannot be asked; it is answered', async () => {
  const session = await openSession(stack, { capabilities: ALL, protocolVersion: '2025-03-26' });
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask_forms' } },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'report', _meta: { progressToken: 'p' } } },
  ];
  const answer = await stack.say(0, batch, { headers: session.headers });
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.json[0].error.code, -32603);
  assert.equal(answer.json[1].result.content[0].text, 'reported 3');
});

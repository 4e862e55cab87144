// Long lists come in pages, arguments are completed, and URIs are taken apart.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack } from '../lib/stack.mjs';
import { assertError, modern, result, startFixture } from './fixture/fixture.mjs';

const PAGE = 4;
const values = Array.from({ length: 150 }, (_, i) => `v${String(i).padStart(3, '0')}`);
const complete = {
  listed: { values: ['alpha', 'alphabet', 'beta', 'Alpine', 'Grüße'] },
  many: { values },
  rows: { sql: { database: 'crm', query: "SELECT email FROM clients WHERE email LIKE :value || '%' ORDER BY email" } },
  chosen: { sql: { database: 'crm', query: 'SELECT :listed || :value, 1' } },
  broken: { sql: { database: 'crm', query: 'SELECT abs(-9223372036854775808)' } },
};
const stack = await startFixture({ after }, {
  workers: 2,
  limits: { page_size: PAGE },
  change: (config) => {
    config.prompts.push({
      name: 'completed',
      arguments: [...Object.keys(complete).map((name) => ({ name, complete: complete[name] })), { name: 'free' }],
      messages: [{ role: 'user', text: '{listed}' }],
    });
    config.resourceTemplates.push(
      { uriTemplate: 'file:///{+path}', name: 'path', text: '<{path}>' },
      { uriTemplate: 'pair://{a}/{b}', name: 'pair', text: '<{a}|{b}>', complete: { b: { values: ['one', 'two'] } } },
    );
    for (let i = 0; i < 6; i++) config.resources.push({ uri: `text://${i}`, name: `t${i}`, text: `${i}` });
  },
});

// --- pages -----------------------------------------------------------------------------

const lists = { 'tools/list': 'tools', 'resources/list': 'resources', 'resources/templates/list': 'resourceTemplates', 'prompts/list': 'prompts' };
const page = (method, cursor, i = 0) => result(stack, i, method, cursor === undefined ? {} : { cursor });

test('the pages of a list are the list, from whatever process', async () => {
  for (const [method, name] of Object.entries(lists)) {
    const seen = [];
    let cursor;
    let pages = 0;
    do {
      const found = await page(method, cursor, pages++ % 2);
      assert.ok(found[name].length <= PAGE);
      if (found.nextCursor) assert.equal(found[name].length, PAGE);
      seen.push(...found[name].map((one) => one.name));
      cursor = found.nextCursor;
    } while (cursor !== undefined);
    assert.equal(pages, Math.ceil(seen.length / PAGE), method);
    assert.equal(new Set(seen).size, seen.length, `${method}: ${seen}`);
  }
});

test('a legacy client pages likewise', async () => {
  const first = (await stack.call(0, 'tools/list')).result;
  const second = (await stack.call(1, 'tools/list', { cursor: first.nextCursor })).result;
  assert.equal(second.tools.length, PAGE);
  assert.notEqual(second.tools[0].name, first.tools[0].name);
});

test('a cursor that is altered, invented or no string is -32602', async () => {
  const { nextCursor } = await page('tools/list');
  const flipped = (nextCursor[0] === 'A' ? 'B' : 'A') + nextCursor.slice(1);
  for (const cursor of [flipped, `${nextCursor}A`, nextCursor.slice(0, -2), '', 'x', 1, null, {}]) {
    assertError(await modern(stack, 0, 'tools/list', { cursor }), 200, -32602, /cursor/);
  }
  await page('tools/list', nextCursor);
});

test('a cursor of another list is -32602', async () => {
  const { nextCursor } = await page('tools/list');
  assertError(await modern(stack, 0, 'resources/list', { cursor: nextCursor }), 200, -32602, /cursor/);
});

test('a cursor of another configuration or another key is -32602', async (t) => {
  const other = await startStack(t, { broker: false, limits: { page_size: 1 } });
  const { nextCursor } = await result(other, 0, 'tools/list');
  assertError(await modern(stack, 0, 'tools/list', { cursor: nextCursor }), 200, -32602, /cursor/);
});

test('a session id and a requestState are no cursors', async () => {
  const session = await stack.initialize(0);
  assertError(await modern(stack, 0, 'tools/list', { cursor: session }), 200, -32602, /cursor/);
});

// --- completion ---------------------------------------------------------------------------

const ask = (ref, name, value, context) =>
  result(stack, 0, 'completion/complete', { ref, argument: { name, value }, ...(context && { context }) });
const prompt = { type: 'ref/prompt', name: 'completed' };

async function completes(ref, name, value, expected, context) {
  assert.deepEqual((await ask(ref, name, value, context)).completion, {
    values: expected,
    total: expected.length,
    hasMore: false,
  });
}

test('of a list, those values that begin so', async () => {
  await completes(prompt, 'listed', 'al', ['alpha', 'alphabet']);
  await completes(prompt, 'listed', '', complete.listed.values);
  await completes(prompt, 'listed', 'Grü', ['Grüße']);
  await completes(prompt, 'listed', 'z', []);
});

test('of a statement, its first column', async () => {
  await completes(prompt, 'rows', 'test@', ['test@example.com']);
  await completes(prompt, 'rows', "'; DROP TABLE clients --", []);
});

test('what was chosen before is there for the statement and for the plugin', async () => {
  await completes(prompt, 'chosen', 'c', ['abc'], { arguments: { listed: 'ab' } });
  const numbers = { type: 'ref/prompt', name: 'numbers' };
  await completes(numbers, 'number', 'n', ['n0', 'n1', 'n2']);
  await completes(numbers, 'number', 'n', ['n0'], { arguments: { many: '1' } });
});

test('a place of a template is completed: by a list, by a plugin', async () => {
  await completes({ type: 'ref/resource', uri: 'pair://{a}/{b}' }, 'b', 't', ['two']);
  await completes({ type: 'ref/resource', uri: 'fixture://items/{kind}/{n}' }, 'n', '7', ['70', '71', '72']);
});

test('an argument nobody can complete has no values, and is no error', async () => {
  for (const name of ['free', 'unheard']) await completes(prompt, name, 'x', []);
});

test('beyond a hundred there are more', async () => {
  for (const [ref, name, context] of [
    [prompt, 'many'],
    [{ type: 'ref/prompt', name: 'numbers' }, 'number', { arguments: { many: '150' } }],
    [prompt, 'rows'],
  ]) {
    const { completion } = await ask(ref, name, '', context);
    assert.equal(completion.values.length, 100);
    assert.equal(completion.hasMore, true);
    assert.ok(completion.total > 100);
  }
  assert.deepEqual((await ask(prompt, 'many', '')).completion.values, values.slice(0, 100));
});

test('what is no prompt, no template and no reference is -32602', async () => {
  const argument = { name: 'x', value: '' };
  for (const params of [
    {},
    { ref: prompt },
    { argument },
    { ref: 'x', argument },
    { ref: { type: 'ref/other', name: 'completed' }, argument },
    { ref: { type: 'ref/prompt', name: 'unheard' }, argument },
    { ref: { type: 'ref/resource', uri: 'unheard://' }, argument },
    { ref: prompt, argument: { name: 'listed' } },
    { ref: prompt, argument: { name: 'listed', value: 1 } },
    { ref: prompt, argument, context: 1 },
  ]) {
    assertError(await modern(stack, 0, 'completion/complete', params), 200, -32602);
  }
});

test('a statement that fails is an error of ours', async () => {
  const params = { ref: prompt, argument: { name: 'broken', value: '' } };
  assertError(await modern(stack, 0, 'completion/complete', params), 200, -32603);
});

test('completions are declared where there are some, since 2025-03-26', async (t) => {
  const none = await startStack(t, { broker: false });
  assert.equal((await result(none, 0, 'server/discover')).capabilities.completions, undefined);
  for (const [protocolVersion, expected] of [
    ['2024-11-05', undefined],
    ['2025-03-26', {}],
    ['2025-11-25', {}],
  ]) {
    const answer = await stack.call(0, 'initialize', { protocolVersion, capabilities: {} });
    assert.deepEqual(answer.result.capabilities.completions, expected);
  }
});

// --- templates ------------------------------------------------------------------------------

const read = async (uri) => (await result(stack, 0, 'resources/read', { uri })).contents[0];

test('the places of a URI are its values, decoded', async () => {
  for (const [uri, text] of [
    ['pair://1/2', '<1|2>'],
    ['pair://a%20b/%C3%BC', '<a b|ü>'],
    ['pair://%7Bb%7D/%25', '<{b}|%>'],
    ['file:///etc/hosts', '<etc/hosts>'],
    ['file:///a/b/c.txt', '<a/b/c.txt>'],
  ]) {
    assert.equal((await read(uri)).text, text, uri);
    assert.equal((await read(uri)).uri, uri);
  }
});

test('a plugin gets them as its arguments', async () => {
  const found = await read('fixture://items/a%2Fb/7');
  assert.deepEqual(JSON.parse(found.text), { kind: 'a/b', n: '7' });
  assert.equal(found.mimeType, 'application/json');
});

test('a URI that does not fit is no resource', async () => {
  for (const uri of ['pair://1', 'pair://1/2/3', 'pair:///', 'PAIR://1/2', 'pair://%zz/1', 'pair://%ff/1']) {
    const answer = await modern(stack, 0, 'resources/read', { uri });
    assert.ok(answer.json.error, `${uri}: ${answer.text}`);
    assertError(answer, 200, -32602);
    assert.deepEqual(answer.json.error.data, { uri });
  }
});

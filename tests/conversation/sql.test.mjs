// Statements on SQLite: constraints, caps and their cursors, what is promised of
// an answer, and what is told of a failure.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, test } from 'node:test';
import { readPromises } from '../lib/output.mjs';
import { makeDirectory } from '../lib/site.mjs';
import { startStack } from '../lib/stack.mjs';

const sql = (query, more = {}) => ({ database: 'crm', query, ...more });
const takes = (properties, more = {}) => ({ type: 'object', properties, ...more });
const tool = (name, handler, inputSchema) => ({ name, description: 'x', ...(inputSchema && { inputSchema }), sql: handler });
const rows = { result: 'rows', max_rows: 10 };

const tools = [
  tool('steps', sql('SELECT i FROM steps WHERE i >= :least ORDER BY i', rows), takes({ least: {}, more: {} }, { additionalProperties: false, required: ['least'] })),
  tool('other_steps', sql('SELECT i FROM steps WHERE i >= :least ORDER BY i', rows), takes({ least: {} })),
  tool('own_cursor', sql('SELECT i FROM steps WHERE i > :cursor ORDER BY i', rows), takes({ cursor: { type: 'integer' } })),
  tool('wide', sql("SELECT printf('%.*c', :n, 'x') AS x FROM steps LIMIT 3", { result: 'rows', max_bytes: 1000 }), takes({ n: {} })),
  tool('wide_one', sql("SELECT printf('%.*c', :n, 'x') AS x", { max_bytes: 1000 }), takes({ n: {} })),
  tool('wide_value', sql("SELECT printf('%.*c', :n, 'x')", { result: 'value', max_bytes: 1000 }), takes({ n: {} })),
  tool('wide_write', sql("INSERT INTO steps VALUES (1000) RETURNING printf('%.*c', :n, 'x') AS x", { write: true, max_bytes: 1000 }), takes({ n: {} })),
  tool('add', sql('INSERT INTO kinds (id, word, n, parent) VALUES (:id, :word, :n, :parent)', { write: true }), takes({ id: {}, word: {}, n: {}, parent: {} })),
  tool('add_told', sql('INSERT INTO kinds (id, word, parent) VALUES (:id, :word, :parent) RETURNING id', { write: true }), takes({ id: {}, word: {}, parent: {} })),
  tool('add_all', sql('INSERT INTO kinds (id, word) SELECT i + 100, :word FROM steps WHERE i <= 25 RETURNING id', { write: true, ...rows }), takes({ word: {} })),
  tool('add_loudly', { ...sql('INSERT INTO kinds (id, word) VALUES (:id, :word)', { write: true }), database: 'loud' }, takes({ id: {}, word: {} })),
  tool('remove', sql('DELETE FROM kinds WHERE id = :id RETURNING word', { write: true }), takes({ id: {} })),
  tool('mixed', sql("SELECT 1 AS a, 'x' AS b, NULL AS c, 1.5 AS d, x'00' AS e, word FROM kinds WHERE id = :id"), takes({ id: {} })),
  tool('twins', sql("SELECT 1 AS a, 'x' AS a")),
  tool('back', sql('SELECT :v AS v'), takes({ v: {} })),
  tool('in_list', sql('SELECT count(*) AS n FROM json_each(:ids) WHERE value > 1', { result: 'value' }), takes({ ids: { type: 'array' } })),
  tool('endless', sql('WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT count(*) AS n FROM s', { timeout_ms: 200 })),
  tool('maybe', sql('SELECT n FROM kinds WHERE id = :id', { result: 'value' }), takes({ id: {} })),
  { ...tool('told', sql('SELECT 1 AS a')), outputSchema: { type: 'object', properties: { a: { const: 1 } } } },
];

const file = path.join(makeDirectory({ after }), 'kinds.db');
execFileSync('sqlite3', [file], {
  input: `CREATE TABLE steps (i integer);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25) INSERT INTO steps SELECT i FROM n;
    CREATE TABLE kinds (id integer PRIMARY KEY, word text NOT NULL CHECK (length(word) < 40), n integer UNIQUE,
      parent integer REFERENCES kinds DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO kinds VALUES (1, 'one', 10, NULL);`,
});

const stack = await startStack({ after }, {
  change: (config) => {
    config.databases = { crm: { url: `sqlite:${file}` }, loud: { url: `sqlite:${file}`, errors: 'full' } };
    config.tools = tools;
    config.resources = [{ uri: 'crm://steps', name: 's', sql: sql('SELECT i FROM steps', rows) }];
    config.resourceTemplates = [];
    config.prompts = [];
  },
});
const at = (version) => ({ headers: { 'MCP-Protocol-Version': version } });
const NEWEST = at('2025-11-25');
const promised = await readPromises(stack, NEWEST);
const call = async (name, args = {}, options = NEWEST) => {
  const { result } = await stack.call(0, 'tools/call', { name, arguments: args }, options);
  return options.headers === NEWEST.headers ? promised.keep(name, result) : result;
};
const text = (result) => result.content[0].text;
const value = async (name, args) => {
  const result = await call(name, args);
  assert.equal(result.isError, undefined, text(result));
  return result.structuredContent;
};
const sentence = async (name, args, pattern, options) => {
  const result = await call(name, args, options);
  assert.equal(result.isError, true, text(result));
  assert.match(text(result), pattern);
  assert.equal(result.structuredContent, undefined);
  return text(result);
};
const ask = (query) => execFileSync('sqlite3', [file, query], { encoding: 'utf8' }).trimEnd();

// --- values --------------------------------------------------------------------------------

test('values come back byte for byte, and are never read as SQL', async () => {
  for (const v of [null, 0, -1, 9007199254740991, 0.1, '', "'; DROP TABLE kinds; --", ':v', 'ü\u0001"\\', 'a\0b'])
    assert.deepEqual(await value('back', { v }), { v });
  assert.deepEqual(await value('back'), { v: null });
  assert.deepEqual(await value('in_list', { ids: [1, 2, 3] }), { value: 2 });
  assert.equal(ask('SELECT count(*) FROM kinds WHERE id < 100'), '1');
});

test('a statement over its time is stopped', async () => {
  assert.doesNotMatch(await sentence('endless', {}, /took too long/), /SELECT|sqlite/i);
});

// --- cursors -------------------------------------------------------------------------------

test('rows that were cut are continued to their end', async () => {
  const args = { least: 3, more: { b: [1, { d: 1, c: 2 }], a: null } };
  const got = [];
  for (let calls = 0; calls < 5; calls++) {
    const { rows: more, nextCursor, truncated } = await value('steps', args);
    got.push(...more.map((row) => row.i));
    assert.equal(truncated, nextCursor ? true : undefined);
    if (!nextCursor) break;
    args.more = { a: null, b: [1, { c: 2, d: 1 }] }; // the same, in another order
    args.cursor = nextCursor;
  }
  assert.deepEqual(got, Array.from({ length: 23 }, (_, i) => i + 3));
});

test('a cursor is also told to who sees no structuredContent', async () => {
  const first = await call('steps', { least: 1 }, at('2024-11-05'));
  assert.equal(first.structuredContent, undefined);
  const [, cursor] = /call this tool again with the same arguments and "cursor": "([^"]+)"/.exec(first.content[1].text);
  const second = await call('steps', { least: 1, cursor }, at('2024-11-05'));
  assert.deepEqual(JSON.parse(text(second))[0], { i: 11 });
});

test('a cursor that is altered, foreign, or of another call is a sentence', async () => {
  const { nextCursor: cursor } = await value('steps', { least: 1 });
  const wrong = /^cursor: it does not continue this call/;
  const altered = (cursor[0] === 'A' ? 'B' : 'A') + cursor.slice(1);
  await sentence('steps', { least: 1, cursor: altered }, wrong);
  await sentence('steps', { least: 1, cursor: '' }, wrong);
  await sentence('steps', { least: 1, cursor: 'x'.repeat(5000) }, wrong);
  await sentence('steps', { least: 2, cursor }, wrong);
  await sentence('steps', { least: 1, more: 1, cursor }, wrong);
  await sentence('other_steps', { least: 1, cursor }, wrong);
  await sentence('steps', { least: 1, cursor }, wrong, { ...NEWEST, user: 'somebody' });
  await sentence('steps', { least: 1, cursor: 7 }, /^cursor: expected a string/);
  const { rows: more } = await value('steps', { least: 1, cursor });
  assert.equal(more[0].i, 11, 'the right call goes on');
});

test('who may be continued says so, and who cannot does not', async () => {
  const properties = (name) => promised.tools.get(name).inputSchema.properties;
  assert.equal(properties('steps').cursor.type, 'string');
  assert.deepEqual(properties('own_cursor'), { cursor: { type: 'integer' } }, "a property of the tool's own stays");
  assert.equal(properties('add_all').cursor, undefined, 'what writes is not run twice');
  assert.equal(properties('mixed').cursor, undefined);
  const own = await call('own_cursor', { cursor: 3 });
  assert.deepEqual(own.structuredContent.rows[0], { i: 4 });
  assert.equal(own.structuredContent.nextCursor, undefined);
  assert.match(own.content[1].text, /cut/);
});

// --- caps ----------------------------------------------------------------------------------

test('a row that is too large for the answer is a sentence', async () => {
  assert.equal((await value('wide', { n: 300 })).rows.length, 3);
  const { rows: some, nextCursor } = await value('wide', { n: 600 });
  assert.equal(some.length, 1);
  assert.equal((await value('wide', { n: 600, cursor: nextCursor })).rows.length, 1);
  for (const name of ['wide', 'wide_one', 'wide_value']) {
    await sentence(name, { n: 2000 }, /^One row of the answer is larger than the 1000 bytes.*max_bytes/);
  }
  await sentence('wide_write', { n: 2000 }, /^The change was made\. One row/);
  assert.equal(ask('SELECT count(*) FROM steps WHERE i = 1000'), '1', 'and it was made');
});

test('what is cut of a change is only its answer', async () => {
  const result = await call('add_all', { word: 'many' });
  assert.equal(result.structuredContent.rows.length, 10);
  assert.equal(result.structuredContent.truncated, true);
  assert.equal(ask("SELECT count(*) FROM kinds WHERE word = 'many'"), '25');
});

// --- what is promised ----------------------------------------------------------------------

test('an outputSchema is listed where there was none, and each answer keeps it', async () => {
  const output = (name) => promised.tools.get(name).outputSchema;
  assert.deepEqual(output('told').properties, { a: { const: 1 } }, "the file's own stays");
  assert.equal(output('mixed').properties.word.description, 'TEXT');
  assert.deepEqual(output('add').required, ['changes']);
  assert.deepEqual(Object.keys(output('twins').properties), ['a']);
  assert.deepEqual(await value('mixed', { id: 1 }), { a: 1, b: 'x', c: null, d: 1.5, e: 'AA==', word: 'one' });
  assert.deepEqual(await value('mixed', { id: 0 }), {}, 'no row is an empty object');
  assert.deepEqual(await value('maybe', { id: 0 }), {});
  assert.deepEqual(await value('maybe', { id: 1 }), { value: 10 });
  await value('twins');
  const old = await stack.call(0, 'tools/list', {}, at('2025-03-26'));
  for (const one of old.result.tools) assert.equal(one.outputSchema, undefined);
});

test('two columns of one name are warned of', () => {
  assert.match(stack.workers[0].stderr, /tool "twins": two columns are called "a"/);
});

// --- writing -------------------------------------------------------------------------------

test('each constraint has a sentence of its own, and none says what the table is', async () => {
  for (const [values, pattern] of [
    [{ id: 1, word: 'again' }, /unique constraint/],
    [{ id: 5, word: 'five', n: 10 }, /unique constraint/],
    [{ id: 5, word: 'five', parent: 99 }, /foreign key constraint/],
    [{ id: 5 }, /not-null constraint/],
    [{ id: 5, word: 'x'.repeat(40) }, /check constraint/],
    [{ id: 'five', word: 'x' }, /cannot take one of these values/],
  ]) {
    assert.doesNotMatch(await sentence('add', values, pattern), /kinds|INSERT/);
    assert.equal(ask('SELECT count(*) FROM kinds WHERE id < 100'), '1');
  }
  await sentence('add_told', { id: 5, word: 'five', parent: 99 }, /foreign key constraint/);
  assert.deepEqual(await value('add', { id: 2, word: 'two', parent: 1 }), { changes: 1 });
  assert.deepEqual(await value('remove', { id: 2 }), { word: 'two' });
  assert.equal(ask('SELECT count(*) FROM kinds WHERE id < 100'), '1');
});

test('"errors": "full" tells what the database says', async () => {
  await sentence('add_loudly', { id: 1, word: 'x' }, /unique constraint\).*It says: UNIQUE constraint failed: kinds.id/);
});

test('a resource that was cut has no cursor', async () => {
  const { result } = await stack.call(0, 'resources/read', { uri: 'crm://steps' });
  assert.equal(JSON.parse(result.contents[0].text).length, 10);
});

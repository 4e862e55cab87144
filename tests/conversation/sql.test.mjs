// Statements on SQLite: values of every type, rows that are continued, and
// what callers are told of a failure. postgres.test.mjs asks the same there.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readPromises } from '../lib/output.mjs';
import { startStack } from '../lib/stack.mjs';

const NEWEST = { headers: { 'MCP-Protocol-Version': '2025-11-25' } };
const lite = (query, more = {}) => ({ database: 'crm', query, ...more });
const takes = (properties, more = {}) => ({ type: 'object', properties, ...more });
const tool = (name, sql, inputSchema) => ({ name, description: 'x', ...(inputSchema && { inputSchema }), sql });
const STEPS = 'WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < 25) ';

const tools = [
  tool('back', lite('SELECT :v AS v'), takes({ v: {} })),
  tool('in_list', lite('SELECT count(*) AS n FROM json_each(:ids) WHERE value > 1', { result: 'value' }), takes({ ids: { type: 'array' } })),
  tool('blob', lite("SELECT x'00ff' AS bytes")),
  tool('none', lite('SELECT 1 AS one WHERE 0')),
  tool('steps', lite(`${STEPS}SELECT i FROM s WHERE i >= :least ORDER BY i`, { result: 'rows', max_rows: 10 }), takes({ least: {} }, { additionalProperties: false })),
  tool('own', lite('SELECT :cursor AS c', { result: 'rows' }), takes({ cursor: {} })),
  tool('wide', lite("SELECT printf('%2000c', 'x') AS x", { result: 'rows', max_bytes: 1000 })),
  tool('twice', lite("INSERT INTO clients SELECT * FROM clients LIMIT 1", { write: true })),
  tool('touch', lite('UPDATE clients SET phone = phone', { write: true })),
  tool('endless', lite('WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT count(*) AS n FROM s', { timeout_ms: 200 })),
];

const stack = await startStack({ after }, { change: (config) => void config.tools.push(...tools) });
const promised = await readPromises(stack, NEWEST);
const call = async (name, args = {}) => (await stack.call(0, 'tools/call', { name, arguments: args }, NEWEST)).result;
const run = async (name, args) => promised.keep(name, await call(name, args));

test('values come back byte for byte, and are never read as SQL', async () => {
  for (const v of [null, 0, -1, 9007199254740991, 0.1, '', "'; DROP TABLE clients; --", ':v', 'ü\u0001"\\'])
    assert.deepEqual((await run('back', { v })).structuredContent, { v });
  assert.deepEqual((await run('back')).structuredContent, { v: null });
  assert.equal((await run('in_list', { ids: [1, 2, 3] })).structuredContent.value, 2);
  assert.equal((await run('blob')).structuredContent.bytes, 'AP8=');
});

test('what an answer looks like is listed, and holds without a row too', async () => {
  for (const name of ['back', 'none', 'steps', 'in_list']) assert.equal(promised.tools.get(name).outputSchema.type, 'object');
  assert.deepEqual((await run('none')).structuredContent, {});
});

test('rows that were cut are continued to their end', async () => {
  const seen = [];
  const args = { least: 3 };
  for (let calls = 0; calls < 5; calls++) {
    const { structuredContent } = await run('steps', args);
    seen.push(...structuredContent.rows.map(({ i }) => i));
    args.cursor = structuredContent.nextCursor;
    if (!args.cursor) break;
  }
  assert.deepEqual(seen, Array.from({ length: 23 }, (_, at) => at + 3));
});

test('a cursor is good for its own call only', async () => {
  const cursor = (await run('steps', { least: 1 })).structuredContent.nextCursor;
  assert.equal((await run('steps', { least: 1, cursor })).structuredContent.rows[0].i, 11);
  assert.equal((await call('steps', { least: 2, cursor })).isError, true);
  assert.equal((await call('steps', { least: 1, cursor: `${cursor}x` })).isError, true);
  assert.equal((await run('own', { cursor: 'mine' })).structuredContent.rows[0].c, 'mine');
});

test('what fails is a sentence that leaks nothing', async () => {
  for (const name of ['wide', 'twice', 'endless']) {
    const { isError, content } = await call(name);
    assert.equal(isError, true, name);
    assert.doesNotMatch(content[0].text, /clients|SELECT|sqlite|printf/i);
  }
});

test('a tool that writes says how much', async () => {
  const { changes } = (await run('touch')).structuredContent;
  assert.ok(changes > 0);
});

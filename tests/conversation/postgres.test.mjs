// Statements on PostgreSQL: a real server, values of every type both ways, and
// what becomes of a call when the server is slow, or gone, or back again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { readPromises } from '../lib/output.mjs';
import { lacksPostgres, startPostgres } from '../lib/postgres.mjs';
import { bin, readConfig, top } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';

const skip = lacksPostgres();
if (skip && process.env.CI) throw new Error(skip);

const pg = (query, more = {}) => ({ database: 'crm', query, ...more });
const takes = (properties, more = {}) => ({ type: 'object', properties, ...more });
const tool = (name, sql, inputSchema) => ({ name, description: 'x', ...(inputSchema && { inputSchema }), sql });
const any = { v: {} };

const TABLES = `
  CREATE TABLE kinds (id integer PRIMARY KEY, word text NOT NULL CHECK (length(word) < 40), n integer UNIQUE,
    parent integer REFERENCES kinds, bytes bytea);
  INSERT INTO kinds VALUES (1, 'one', 10, NULL, '\\x00ff');
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TABLE steps (i integer);
  INSERT INTO steps SELECT generate_series(1, 25);
`;

const tools = [
  tool('as_text', pg('SELECT :v::text AS v'), takes(any)),
  tool('as_int', pg('SELECT :v::int AS v', { result: 'value' }), takes(any)),
  tool('as_float', pg('SELECT :v::float8 AS v'), takes(any)),
  tool('as_numeric', pg('SELECT :v::numeric AS v'), takes(any)),
  tool('as_bool', pg('SELECT :v::boolean AS v'), takes(any)),
  tool('as_jsonb', pg('SELECT :v::jsonb AS v'), takes(any)),
  tool('as_bytes', pg('SELECT :v::bytea AS v, length(:v::bytea) AS n'), takes(any)),
  tool('as_ints', pg('SELECT :v::int[] AS v'), takes(any)),
  tool('as_texts', pg('SELECT :v::text[] AS v'), takes(any)),
  tool('as_jsons', pg('SELECT :v::jsonb[] AS v'), takes(any)),
  tool('as_date', pg('SELECT :v::date AS v'), takes(any)),
  tool('as_stamp', pg('SELECT :v::timestamptz AS v, :v::timestamptz::timestamp AS plain'), takes(any)),
  tool('as_mood', pg('SELECT :v::mood AS v'), takes(any)),
  tool('as_moods', pg('SELECT cardinality(:v::mood[]) AS n'), takes(any)),
  tool(
    'every_type',
    pg(`SELECT 1::int2 AS i, 9223372036854775807 AS big, 0.1::float8 AS f, 'NaN'::float8 AS nan, 12.50::numeric AS n,
      1234567890.1234567890 AS long, 'NaN'::numeric AS not_n, true AS b, NULL AS nothing, '\\x00ff'::bytea AS bytes,
      '{"a": [1, null]}'::json AS j, ARRAY['a"b', NULL, 'NULL', '', 'ü\\', '{,}'] AS texts,
      ARRAY[[1, 2], [3, 4]] AS grid, '[0:1]={5,6}'::int[] AS shifted, '{}'::int[] AS none, ARRAY[1.5, 2] AS numbers,
      ARRAY[true, false, NULL] AS flags, ARRAY['\\x01'::bytea] AS blobs, date '2025-06-21' AS day,
      time '08:31:48' AS hour, timestamp '2025-06-21 08:31:48.5' AS stamp, interval '1 day 2 hours' AS span,
      ARRAY[timestamp '2025-06-21 08:31:48'] AS stamps, 'infinity'::timestamp AS ever,
      timestamp '0044-03-15 12:00:00 BC' AS ides, '6ecd8c99-4036-403d-bf84-cf8400f67836'::uuid AS id, ARRAY['{"x":1}'::jsonb] AS docs`),
  ),
  tool('zones', pg("SELECT now() - now() AS zero, '2025-06-21 08:31:48+02'::timestamptz = :v AS same"), takes(any)),
  tool('find', pg('SELECT id, word FROM kinds WHERE id = ANY(:ids) ORDER BY id', { result: 'rows' }), takes({ ids: { type: 'array' } })),
  tool('by_word', pg('SELECT id FROM kinds WHERE word = :word', { empty: 'There is no {word}' }), takes({ word: {} })),
  tool(
    'add',
    pg('INSERT INTO kinds (id, word, n, parent) VALUES (:id, :word, :n, :parent)', { write: true }),
    takes({ id: {}, word: {}, n: {}, parent: {} }),
  ),
  tool('add_loudly', { ...pg('INSERT INTO kinds (id, word) VALUES (:id, :word)', { write: true }), database: 'loud' }, takes({ id: {}, word: {} })),
  tool('rename', pg('UPDATE kinds SET word = :word WHERE id = :id RETURNING id, word', { write: true, result: 'rows' }), takes({ id: {}, word: {} })),
  tool('remove', pg('DELETE FROM kinds WHERE id = :id RETURNING word', { write: true, result: 'value' }), takes({ id: {} })),
  tool('sneak', pg("WITH more AS (INSERT INTO kinds VALUES (99, 'sneaked') RETURNING id) SELECT id FROM more")),
  tool('open_end', pg('BEGIN', { write: true })),
  tool('steps', pg('SELECT i FROM steps WHERE i >= :least ORDER BY i', { result: 'rows', max_rows: 10 }), takes({ least: {} }, { additionalProperties: false })),
  tool('wide', pg("SELECT repeat('x', :n) AS x FROM generate_series(1, 3)", { result: 'rows', max_bytes: 1000 }), takes({ n: {} })),
  tool('flood', pg('SELECT g FROM generate_series(1, 3000000) AS g', { result: 'rows', max_rows: 5 })),
  tool('sleep', pg('SELECT pg_sleep(:s), 1 AS slept', { timeout_ms: 30000 }), takes({ s: {} })),
  tool('oversleep', pg('SELECT pg_sleep(30)', { timeout_ms: 200 })),
  tool('writing_sleep', pg("WITH s AS (SELECT pg_sleep(30)) INSERT INTO kinds SELECT 77, 'late' FROM s", { write: true, timeout_ms: 300 })),
  tool('writing_long', pg("WITH s AS (SELECT pg_sleep(30)) INSERT INTO kinds SELECT 79, 'late' FROM s", { write: true, timeout_ms: 30000 })),
  tool('who', pg('SELECT pg_backend_pid() AS pid, current_setting(:v) AS v'), takes(any)),
  tool('on_lite', { database: 'lite', query: 'SELECT sqlite_version() AS v, :v AS back' }, takes(any)),
  tool('altered', pg('SELECT * FROM altered')),
  tool('quoted', pg(`SELECT ':a' AS a, $x$:b$x$ AS b, E'\\':c' AS c, "d:d" AS d, /* /* :e */ :e */ '{"k":1}'::jsonb ? 'k' AS e,
    (ARRAY[1,2,3])[2:3] AS f, :v AS g FROM (SELECT 1 AS "d:d") AS t -- :h`), takes(any)),
];

let server, stack, promised;
const NEWEST = { headers: { 'MCP-Protocol-Version': '2025-11-25' } };
const call = async (name, args = {}, options = NEWEST) => promised.keep(name, (await stack.call(0, 'tools/call', { name, arguments: args }, options)).result);
const text = (result) => result.content[0].text;
const value = async (name, args) => {
  const result = await call(name, args);
  assert.equal(result.isError, undefined, text(result));
  return result.structuredContent;
};
const sentence = async (name, args, pattern) => {
  const result = await call(name, args);
  assert.equal(result.isError, true, text(result));
  assert.match(text(result), pattern);
  return text(result);
};
const running = (like) => Number(server.sql(`SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%${like}%' AND pid <> pg_backend_pid()`));

if (!skip) {
  server = await startPostgres({ after });
  server.sql(fs.readFileSync(path.join(top, 'examples/clients-postgresql.sql'), 'utf8'));
  server.sql(`${TABLES} CREATE TABLE altered (a int); INSERT INTO altered VALUES (1);`);
  stack = await startStack({ after }, {
    slots: 2,
    threads: 4,
    change: (config) => {
      config.databases.crm.url = server.url;
      config.databases.lite = { url: 'sqlite:clients.db' };
      config.databases.loud = { url: server.url, errors: 'full' };
      config.tools.push(...tools);
    },
  });
  promised = await readPromises(stack, NEWEST);
}
const it = (name, fn) => test(name, { skip }, fn);

// --- the example ---------------------------------------------------------------------------

it('the example runs on PostgreSQL by another url', async () => {
  const found = await value('get_client', { email: 'test@example.com' });
  assert.deepEqual(found, { id: 1, name: 'Test Client', email: 'test@example.com', created_at: '2025-06-21T08:31:48Z' });
  assert.equal(text(await call('get_client', { email: 'no@example.com' })), 'Client with email no@example.com not found');
  assert.deepEqual(await value('count_clients'), { value: 2500 });
  assert.equal((await value('search_clients', { text: 'björn' })).rows.length, 20);
  const read = async (uri) => (await stack.call(0, 'resources/read', { uri })).result.contents[0].text;
  const clients = JSON.parse(await read('crm://clients'));
  assert.equal(clients.length, 100);
  assert.deepEqual(clients[0], { name: 'Test Client', email: 'test@example.com' });
  assert.equal(JSON.parse(await read('crm://clients/2')).id, 2);
  const prompt = await stack.call(0, 'prompts/get', { name: 'client_summary', arguments: { client_email: 'test@example.com' } });
  assert.match(prompt.result.messages[0].content.text, /Name: Test Client[^]*Phone: \+1-202-555-0100/);
});

it('its two registers hold the same, row by row', async () => {
  const { DatabaseSync } = await import('node:sqlite');
  const rows = new DatabaseSync(path.join(stack.dir, 'clients.db')).prepare('SELECT * FROM clients ORDER BY id').all();
  const others = JSON.parse(server.sql('SELECT json_agg(clients ORDER BY id) FROM clients'));
  assert.deepEqual(others, rows.map((row) => ({ ...row })));
});

it('several databases in one file, of both engines', async () => {
  assert.match((await value('on_lite', { v: 'lite' })).v, /^3\./);
  assert.equal((await value('as_text', { v: 'pg' })).v, 'pg');
});

// --- values in -----------------------------------------------------------------------------

it('every type of JSON goes in as the statement wants it', async () => {
  for (const [name, given, back] of [
    ['as_text', 'ü"\\\'', 'ü"\\\''],
    ['as_text', '', ''],
    ['as_text', 'NULL', 'NULL'],
    ['as_text', null, null],
    ['as_text', true, 'true'],
    ['as_text', 42, '42'],
    ['as_text', 1.5, '1.5'],
    ['as_text', [1, 'a'], '[1,"a"]'],
    ['as_text', { a: { b: 1 } }, '{"a":{"b":1}}'],
    ['as_float', 0.1, 0.1],
    ['as_float', 1e300, 1e300],
    ['as_numeric', '123456789.123456789', '123456789.123456789'],
    ['as_numeric', 12.5, 12.5],
    ['as_bool', false, false],
    ['as_bool', null, null],
    ['as_jsonb', { b: [1, 'x', null], a: 'ü' }, { b: [1, 'x', null], a: 'ü' }],
    ['as_jsonb', 'a string', 'a string'],
    ['as_jsonb', 7, 7],
    ['as_jsonb', [], []],
    ['as_ints', [1, null, 3], [1, null, 3]],
    ['as_ints', [[1, 2], [3, 4]], [[1, 2], [3, 4]]],
    ['as_ints', [], []],
    ['as_texts', ['a"b\\', 'NULL', '', null, '{x,y}', 'ü'], ['a"b\\', 'NULL', '', null, '{x,y}', 'ü']],
    ['as_jsons', [{ a: [1] }, 'x', null, [2]], [{ a: [1] }, 'x', null, [2]]],
    ['as_date', '2024-02-29', '2024-02-29'],
    ['as_mood', 'glad', 'glad'],
  ]) {
    assert.deepEqual((await value(name, { v: given })).v, back, `${name} ${JSON.stringify(given)}`);
  }
  assert.deepEqual(await value('as_int', { v: 7 }), { value: 7 });
  assert.equal(text(await call('as_int', { v: -1 })), '-1');
  assert.deepEqual(await value('as_text'), { v: null }, 'what is not given is NULL');
  assert.deepEqual(await value('as_moods', { v: ['sad', 'glad'] }), { n: 2 }, "an array of the site's own type");
});

it('bytes travel as base64, both ways', async () => {
  assert.deepEqual(await value('as_bytes', { v: 'AP8Q' }), { v: 'AP8Q', n: 3 });
  assert.deepEqual(await value('as_bytes', { v: '' }), { v: '', n: 0 });
  await sentence('as_bytes', { v: 'no base64!' }, /^v: /);
});

it('times are ISO 8601', async () => {
  server.sql("ALTER ROLE tester SET timezone = 'Europe/Berlin'");
  const { v, plain } = await value('as_stamp', { v: '2025-06-21T08:31:48.25Z' });
  assert.equal(Date.parse(v), Date.parse('2025-06-21T08:31:48.25Z'));
  assert.match(v, /^2025-06-21T\d\d:\d\d:48\.25(Z|[+-]\d\d:\d\d)$/);
  assert.match(plain, /^2025-06-21T\d\d:\d\d:48\.25$/);
});

it('a list of values finds its rows', async () => {
  assert.deepEqual((await value('find', { ids: [1, 2, 3] })).rows, [{ id: 1, word: 'one' }]);
  assert.deepEqual((await value('find', { ids: [] })).rows, []);
});

it('nothing that is bound is ever read as SQL', async () => {
  for (const word of ["x'; DROP TABLE kinds --", "'' OR 1=1", '$1', ':word', '\\', '$$', '/*', '{}', "\u2028'\u0001"]) {
    const result = await call('by_word', { word });
    assert.equal(text(result), `There is no ${word}`);
    assert.deepEqual(result.structuredContent, {});
    assert.equal((await value('as_text', { v: word })).v, word);
  }
  assert.equal(server.sql('SELECT count(*) FROM kinds'), '1');
});

it('a value that does not fit is told with its name', async () => {
  for (const [name, v] of [
    ['as_int', 'twelve'],
    ['as_int', 1.5],
    ['as_int', 99999999999],
    ['as_int', [1]],
    ['as_date', '2025-02-30'],
    ['as_bool', 'perhaps'],
    ['as_ints', 'x'],
    ['as_ints', ['x']],
    ['as_ints', [[1], [2, 3]]],
    ['as_mood', 'angry'],
    ['as_jsonb', 'a\0b'],
  ]) {
    const said = await sentence(name, { v }, /^v: the database cannot take this value/);
    assert.doesNotMatch(said, /SELECT|::|twelve|syntax/);
  }
  await sentence('as_text', { v: 'a\0b' }, /^v: .*NUL/);
  await sentence('as_texts', { v: ['a\0b'] }, /^v: .*NUL/);
  let deep = [1];
  for (let i = 0; i < 8; i++) deep = [deep];
  await sentence('as_ints', { v: deep }, /^v: /);
});

it('only a name is a place', async () => {
  assert.deepEqual(await value('quoted', { v: 'V' }), { a: ':a', b: ':b', c: "':c", d: 1, e: true, f: [2, 3], g: 'V' });
});

// --- values out ----------------------------------------------------------------------------

it('every type comes out as JSON has it', async () => {
  assert.deepEqual(await value('every_type'), {
    i: 1,
    big: 9223372036854775807,
    f: 0.1,
    nan: null,
    n: 12.5,
    long: '1234567890.1234567890',
    not_n: 'NaN',
    b: true,
    nothing: null,
    bytes: 'AP8=',
    j: { a: [1, null] },
    texts: ['a"b', null, 'NULL', '', 'ü\\', '{,}'],
    grid: [[1, 2], [3, 4]],
    shifted: [5, 6],
    none: [],
    numbers: [1.5, 2],
    flags: [true, false, null],
    blobs: ['AQ=='],
    day: '2025-06-21',
    hour: '08:31:48',
    stamp: '2025-06-21T08:31:48.5',
    span: 'P1DT2H',
    stamps: ['2025-06-21T08:31:48'],
    ever: 'infinity',
    ides: '0044-03-15 12:00:00 BC',
    id: '6ecd8c99-4036-403d-bf84-cf8400f67836',
    docs: [{ x: 1 }],
  });
  assert.match(text(await call('every_type')), /"big":9223372036854775807,.*"n":12\.50,/);
});

it('what an answer will look like is listed, where revisions know of it', async () => {
  const schema = promised.tools.get('find').outputSchema;
  assert.deepEqual(schema.properties.rows.items.properties, { id: { type: ['integer', 'null'] }, word: { type: ['string', 'null'] } });
  assert.deepEqual(schema.properties.rows.items.required, ['id', 'word']);
  assert.deepEqual(promised.tools.get('add').outputSchema.required, ['changes']);
  assert.deepEqual(promised.tools.get('get_client').outputSchema.properties.name, { type: ['string', 'null'] });
  const old = await stack.call(0, 'tools/list', {}, { headers: { 'MCP-Protocol-Version': '2025-03-26' } });
  for (const one of old.result.tools) assert.equal(one.outputSchema, undefined);
});

// --- writing -------------------------------------------------------------------------------

it('a tool that writes, writes, and says how much', async () => {
  assert.deepEqual(await value('add', { id: 2, word: 'two', n: 20, parent: 1 }), { changes: 1 });
  assert.deepEqual(await value('rename', { id: 2, word: 'deux' }), { rows: [{ id: 2, word: 'deux' }] });
  assert.deepEqual((await value('rename', { id: 3, word: 'x' })).rows, []);
  assert.deepEqual(await value('remove', { id: 2 }), { value: 'deux' });
  const none = await call('remove', { id: 2 });
  assert.equal(text(none), 'No row was found');
  assert.equal(server.sql('SELECT count(*) FROM kinds'), '1');
});

it('each constraint has a sentence of its own, and none says what the table is', async () => {
  for (const [values, pattern] of [
    [{ id: 1, word: 'again' }, /unique constraint/],
    [{ id: 5, word: 'five', n: 10 }, /unique constraint/],
    [{ id: 5, word: 'five', parent: 99 }, /foreign key constraint/],
    [{ id: 5 }, /not-null constraint/],
    [{ id: 5, word: 'x'.repeat(40) }, /check constraint/],
  ]) {
    assert.doesNotMatch(await sentence('add', values, pattern), /kinds|INSERT|pkey|23\d\d\d/);
  }
  assert.equal(server.sql('SELECT count(*) FROM kinds'), '1');
});

it('"errors": "full" tells what the database says', async () => {
  await sentence('add_loudly', { id: 1, word: 'x' }, /unique constraint\).*It says: duplicate key value violates unique constraint "kinds_pkey"/);
});

it('a tool that may only read is kept from writing by the server', async () => {
  assert.doesNotMatch(await sentence('sneak', {}, /log says why/), /kinds|read-only/);
  assert.equal(server.sql('SELECT count(*) FROM kinds WHERE id = 99'), '0');
  await until('the log has it', () => /read-only transaction \(25006\)/.test(stack.workers[0].stderr));
});

it('a transaction that is left open is nobody else\'s', async () => {
  await call('open_end');
  assert.deepEqual(await value('add', { id: 50, word: 'kept' }), { changes: 1 });
  assert.equal(server.sql('DELETE FROM kinds WHERE id = 50 RETURNING word'), 'kept');
});

// --- caps ----------------------------------------------------------------------------------

it('what was cut is continued to its end, and no row is missed or told twice', async () => {
  const args = { least: 3 };
  const got = [];
  for (let calls = 0; calls < 5; calls++) {
    const result = await call('steps', args);
    assert.equal(result.isError, undefined, text(result));
    got.push(...result.structuredContent.rows.map((row) => row.i));
    const { nextCursor, truncated } = result.structuredContent;
    assert.equal(truncated, nextCursor ? true : undefined);
    if (!nextCursor) break;
    assert.ok(result.content[1].text.includes(nextCursor), 'also for who sees no structuredContent');
    args.cursor = nextCursor;
  }
  assert.deepEqual(got, Array.from({ length: 23 }, (_, i) => i + 3));
});

it('a row that is too large for the answer is a sentence', async () => {
  assert.equal((await value('wide', { n: 400 })).rows.length, 2);
  await sentence('wide', { n: 2000 }, /larger than the 1000 bytes.*max_bytes/);
});

it('a flood is cut at the server, and its connection stays', async () => {
  const before = await value('who', { v: 'server_version_num' });
  const began = performance.now();
  const { rows } = await value('flood');
  assert.equal(rows.length, 5);
  assert.ok(performance.now() - began < 1500, 'three million rows are not waited for');
  await until('it is not running any more', () => running('generate_series(1, 3000000)') === 0);
  assert.ok(before.pid > 0);
  assert.deepEqual(await value('count_clients'), { value: 2500 });
});

// --- time ----------------------------------------------------------------------------------

it('a statement over its time is stopped, at the server too', async () => {
  const began = performance.now();
  await sentence('oversleep', {}, /took too long/);
  assert.ok(performance.now() - began < 1500);
  assert.equal(running('pg_sleep(30)'), 0);
  assert.deepEqual(await value('count_clients'), { value: 2500 });
});

it('a change over its time is not made', async () => {
  await sentence('writing_sleep', {}, /took too long/);
  assert.equal(running('pg_sleep(30)'), 0);
  assert.equal(server.sql('SELECT count(*) FROM kinds WHERE id = 77'), '0');
});

it('who hangs up stops the statement at the server', async () => {
  const connection = await stack.connect(0);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'sleep', arguments: { s: 30 } } });
  connection.request('POST', '/mcp', { headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body });
  await until('it runs', () => running('pg_sleep($1)') === 1);
  await connection.close();
  await until('it is stopped', () => running('pg_sleep($1)') === 0, 5000);
  assert.equal((await value('sleep', { s: 0 })).slept, 1);
});

it('the server has a clock of its own, a little behind ours', async () => {
  assert.equal((await value('who', { v: 'statement_timeout' })).v, '11s');
  assert.equal((await value('who', { v: 'default_transaction_read_only' })).v, 'on');
});

// --- gone and back -------------------------------------------------------------------------

it('a connection that was closed is made again, unseen', async () => {
  for (let i = 0; i < 4; i++) {
    server.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = \'client backend\'');
    await until('all are gone', () => server.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") === '1');
    assert.deepEqual(await value('count_clients'), { value: 2500 });
    assert.deepEqual(await value('add', { id: 60 + i, word: 'again' }), { changes: 1 });
  }
  server.sql('DELETE FROM kinds WHERE id >= 60');
});

it('who reads while his connection is closed is answered all the same', async () => {
  const slow = stack.call(0, 'tools/call', { name: 'sleep', arguments: { s: 1 } }, NEWEST);
  await until('it runs', () => running('pg_sleep($1)') === 1);
  server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep($1)%' AND pid <> pg_backend_pid()");
  assert.equal((await slow).result.structuredContent.slept, 1);
});

it('who writes then is told that nobody knows', async () => {
  const slow = call('writing_long');
  await until('it runs', () => running('INSERT INTO kinds SELECT 79') === 1);
  server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%SELECT 79%' AND pid <> pg_backend_pid()");
  assert.match(text(await slow), /not known/);
});

it('a table that was altered is read anew', async () => {
  assert.deepEqual(await value('altered'), { a: 1 });
  server.sql('ALTER TABLE altered ADD COLUMN b text DEFAULT \'new\'');
  assert.deepEqual(await value('altered'), { a: 1, b: 'new' });
});

it('a server that is stopped is told, and one that is back is used', async () => {
  await server.stop();
  await sentence('count_clients', {}, /cannot be reached: try again later/);
  await sentence('add', { id: 70, word: 'x' }, /cannot be reached: try again later/);
  assert.match((await value('on_lite', { v: 1 })).v, /^3\./, 'the others go on');
  await server.start();
  assert.deepEqual(await value('count_clients'), { value: 2500 });
  assert.deepEqual(await value('add', { id: 70, word: 'x' }), { changes: 1 });
});

it('a site starts while its server is down, and is served when it is up', async (t) => {
  const own = await startPostgres(t);
  own.sql(fs.readFileSync(path.join(top, 'examples/clients-postgresql.sql'), 'utf8'));
  await own.stop();
  const late = await startStack(t, { change: (config) => void (config.databases.crm.url = own.url) });
  assert.match(late.workers[0].stderr, /warning: database "crm" cannot be reached/);
  const count = async () => (await late.call(0, 'tools/call', { name: 'count_clients', arguments: {} })).result;
  assert.equal((await count()).isError, true);
  await own.start();
  assert.equal(text(await count()), '2500');
});

// --- checking ------------------------------------------------------------------------------

it('a statement that cannot run is a problem before anything starts', async () => {
  const { execFileSync } = await import('node:child_process');
  const check = (change) => {
    const config = readConfig(path.join(stack.dir, 'mcp.json'));
    config.tools = [];
    change(config);
    const file = path.join(stack.dir, 'checked.json');
    fs.writeFileSync(file, JSON.stringify(config));
    try {
      execFileSync(path.join(bin, 'mcp-fcgi'), ['--check', file], { stdio: 'pipe' });
      return '';
    } catch (error) {
      return String(error.stderr);
    }
  };
  assert.equal(check(() => {}), '');
  const one = (query, more) => (config) => void config.tools.push(tool('t', pg(query, more)));
  assert.match(check(one('SELECT nothing FROM nowhere')), /tool "t": the query does not prepare: relation "nowhere" does not exist/);
  assert.match(check(one("INSERT INTO kinds VALUES (1, 'x')")), /the query writes/);
  assert.match(check(one('SELECT :v')), /:v is not a property/);
  assert.match(check(one('SELECT $1')), /"\$1" is bound by no name/);
  assert.match(check((config) => void (config.databases.crm.url = 'postgresql://a b/c?nonsense=1')), /does not prepare: /);
});

// Tools, resources and prompts of the example, and the caps around them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { slowTool, startStack, traceTools } from '../lib/stack.mjs';

// node:sqlite says on import that it is experimental; that is known.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  if (!/SQLite is an experimental/.test(warning)) emitWarning.call(process, warning, ...rest);
};
const { DatabaseSync } = await import('node:sqlite');

const sql = (query, more = {}) => ({ database: 'crm', query, ...more });
const stack = await startStack({ after }, {
  limits: { max_result: 100000 },
  change: (config) => {
    config.tools.push(
      slowTool(200),
      ...traceTools,
      { name: 'three', description: 'x', sql: sql('SELECT id FROM clients ORDER BY id', { result: 'rows', max_rows: 3 }) },
      { name: 'some_bytes', description: 'x', sql: sql('SELECT name FROM clients', { result: 'rows', max_bytes: 500 }) },
      { name: 'exactly_three', description: 'x', sql: sql('SELECT id FROM clients LIMIT 3', { result: 'rows', max_rows: 3 }) },
      {
        name: 'large',
        description: 'x',
        sql: sql("SELECT printf('%.*c', 200000, 'x')", { result: 'value', max_bytes: 300000 }),
      },
      {
        name: 'types',
        description: 'x',
        sql: sql("SELECT 1 AS i, 0.1 AS r, 0.1 + 0.2 AS s, NULL AS n, 'ü\"\\' AS t, x'00ff' AS b, 9223372036854775807 AS big"),
      },
      {
        name: 'echo',
        description: 'x',
        inputSchema: { type: 'object', properties: { v: {} } },
        sql: sql('SELECT :v AS v, typeof(:v) AS type'),
      },
      {
        name: 'strict',
        description: 'x',
        inputSchema: {
          type: 'object',
          properties: { n: { type: 'integer', minimum: 1, maximum: 10 }, kind: { enum: ['a', 'b'] } },
          required: ['n'],
          additionalProperties: false,
        },
        sql: sql('SELECT :n AS n'),
      },
      { name: 'locked', description: 'x', sql: sql('SELECT count(*) FROM clients', { result: 'value', timeout_ms: 150 }) },
      { name: 'patient', description: 'x', sql: sql('SELECT count(*) FROM clients', { result: 'value' }) },
    );
  },
});

const at = (version) => ({ headers: { 'MCP-Protocol-Version': version } });
const NEWEST = at('2025-11-25');
const call = async (name, args, options = NEWEST) =>
  (await stack.call(0, 'tools/call', { name, arguments: args }, options)).result;
const text = (result) => result.content[0].text;

function assertSentence(result, pattern) {
  assert.equal(result.isError, true);
  assert.equal(result.content.length, 1);
  assert.equal(result.content[0].type, 'text');
  assert.match(text(result), pattern);
}

// --- tools -------------------------------------------------------------------------

test('tools are listed as they are declared, in what each revision knows', async () => {
  for (const [version, annotations, title] of [
    ['2024-11-05', false, false],
    ['2025-03-26', true, false],
    ['2025-06-18', true, true],
    ['2025-11-25', true, true],
  ]) {
    const { result } = await stack.call(0, 'tools/list', {}, at(version));
    assert.deepEqual(Object.keys(result), ['tools']);
    assert.deepEqual(
      result.tools.slice(0, 3).map((tool) => tool.name),
      ['get_client', 'search_clients', 'count_clients'],
    );
    const [tool] = result.tools;
    assert.equal(tool.description, 'Look up one client by e-mail address');
    assert.deepEqual(tool.inputSchema.required, ['email']);
    assert.equal(tool.title, title ? 'Get client' : undefined);
    assert.equal(tool.annotations?.readOnlyHint, annotations ? true : undefined);
    assert.equal(result.tools[2].inputSchema.type, 'object', 'a tool that takes nothing says so');
  }
});

test('a client is found: text, and structured where that is known', async () => {
  for (const version of ['2025-03-26', '2025-06-18', '2025-11-25']) {
    const result = await call('get_client', { email: 'test@example.com' }, at(version));
    const client = { id: 1, name: 'Test Client', email: 'test@example.com', created_at: '2025-06-21T08:31:48Z' };
    assert.deepEqual(JSON.parse(text(result)), client);
    assert.deepEqual(result.structuredContent, version < '2025-06-18' ? undefined : client);
    assert.equal(result.isError, undefined);
  }
});

test('a client that is not found is a sentence and no error', async () => {
  const result = await call('get_client', { email: "x'; DROP TABLE clients --" });
  assert.equal(text(result), "Client with email x'; DROP TABLE clients -- not found");
  assert.equal(result.isError, undefined);
  assert.equal(text(await call('get_client', { email: 'test@example.com' }))[0], '{');
});

test('wrong arguments are a result with isError and a sentence', async () => {
  assertSentence(await call('get_client', {}), /email/);
  assertSentence(await call('get_client', undefined), /email/);
  assertSentence(await call('get_client', { email: 1 }), /email.*string/);
  assertSentence(await call('get_client', { email: null }), /email.*string/);
  assertSentence(await call('search_clients', { text: 'x' }), /text/);
  assertSentence(await call('search_clients', { text: 'xx', more: 1 }), /more/);
  assertSentence(await call('strict', { n: 0 }), /n.*1/);
  assertSentence(await call('strict', { n: 11 }), /n.*10/);
  assertSentence(await call('strict', { n: 1.5 }), /n.*integer/);
  assertSentence(await call('strict', { n: 1, kind: 'c' }), /kind/);
  assert.equal((await call('strict', { n: 10, kind: 'b' })).isError, undefined);
});

test('a tool nobody declared is -32602, and so are params without form', async () => {
  for (const params of [
    { name: 'nothing' },
    { name: '' },
    { name: 1 },
    {},
    undefined,
    { name: 'get_client', arguments: [] },
    { name: 'get_client', arguments: 'x' },
    { name: 'get_client\u0000', arguments: {} },
  ]) {
    const answer = await stack.call(0, 'tools/call', params);
    assert.equal(answer.error.code, -32602, JSON.stringify(params));
  }
});

test('values keep their types on the way in', async () => {
  for (const [value, type, back = value] of [
    ['text', 'text'],
    ['', 'text'],
    ['ü😀"\\\n', 'text'],
    [7, 'integer'],
    [-9007199254740991, 'integer'],
    [0.1, 'real'],
    [true, 'integer', 1],
    [null, 'null'],
    [[1, 'a'], 'text', '[1,"a"]'],
    [{ a: { b: 1 } }, 'text', '{"a":{"b":1}}'],
  ]) {
    assert.deepEqual((await call('echo', { v: value })).structuredContent, { v: back, type });
  }
  assert.deepEqual((await call('echo', {})).structuredContent, { v: null, type: 'null' });
});

test('values keep their types on the way out', async () => {
  const result = await call('types', {});
  assert.equal(text(result), '{"i":1,"r":0.1,"s":0.30000000000000004,"n":null,"t":"ü\\"\\\\","b":"AP8=","big":9223372036854775807}');
});

test('a tool that writes, writes', async () => {
  const count = async () => (await call('count_traces')).structuredContent.value;
  assert.equal(await count(), 0);
  assert.equal(text(await call('leave_trace', { email: 'one@trace.example' })), '{"changes":1}');
  assert.equal(await count(), 1);
  assertSentence(await call('leave_trace', { email: 'one@trace.example' }), /constraint/);
  assert.equal(await count(), 1);
});

// --- caps --------------------------------------------------------------------------

test('rows beyond max_rows are cut, and that is said', async () => {
  const result = await call('three');
  assert.deepEqual(JSON.parse(text(result)), [{ id: 1 }, { id: 2 }, { id: 3 }]);
  assert.match(result.content[1].text, /cut/);
  const { nextCursor, ...structured } = result.structuredContent;
  assert.deepEqual(structured, { rows: [{ id: 1 }, { id: 2 }, { id: 3 }], truncated: true });
  assert.ok(nextCursor.length > 0);
  const whole = await call('exactly_three');
  assert.equal(whole.content.length, 1);
  assert.equal(whole.structuredContent.truncated, undefined);
});

test('rows beyond max_bytes are cut between two rows', async () => {
  const result = await call('some_bytes');
  assert.ok(text(result).length <= 501);
  assert.ok(JSON.parse(text(result)).length > 5);
  assert.match(result.content[1].text, /cut/);
});

test('a result beyond max_result is an error that says so', async () => {
  const answer = await stack.call(0, 'tools/call', { name: 'large' });
  assert.equal(answer.error.code, -32603);
  assert.match(answer.error.message, /larger/);
});

test('a slow statement is stopped at its deadline', async () => {
  const began = performance.now();
  assertSentence(await call('slow'), /took too long/);
  const took = performance.now() - began;
  assert.ok(took >= 190 && took < 2000, `${took} ms`);
});

test('and at the deadline of the call, where that is sooner', async (t) => {
  const site = await startStack(t, { limits: { call_ms: 150 }, change: (config) => void config.tools.push(slowTool(30000)) });
  const began = performance.now();
  const { result } = await site.call(0, 'tools/call', { name: 'slow' });
  assertSentence(result, /took too long/);
  assert.ok(performance.now() - began < 2000);
});

test('a database that somebody else has locked is waited for, and then given up', async () => {
  const other = new DatabaseSync(path.join(stack.dir, 'clients.db'));
  other.exec('BEGIN EXCLUSIVE');
  assertSentence(await call('locked'), /busy/);
  const waiting = call('patient');
  assertSentence(await call('locked'), /busy/);
  other.exec('ROLLBACK');
  other.close();
  assert.equal((await waiting).isError, undefined);
  assert.equal((await call('locked')).isError, undefined);
});

// --- resources ---------------------------------------------------------------------

test('resources and templates are listed', async () => {
  const { result } = await stack.call(0, 'resources/list');
  assert.deepEqual(
    result.resources.map(({ uri, name, mimeType }) => [uri, name, mimeType]),
    [
      ['crm://clients', 'clients', 'application/json'],
      ['docs://handbook', 'handbook', 'text/markdown'],
    ],
  );
  const templates = (await stack.call(0, 'resources/templates/list')).result.resourceTemplates;
  assert.deepEqual(
    templates.map(({ uriTemplate, name }) => [uriTemplate, name]),
    [['crm://clients/{id}', 'client']],
  );
});

const read = (uri) => stack.call(0, 'resources/read', { uri });

test('a resource is read: rows, a file, one row by its number', async () => {
  const [clients] = (await read('crm://clients')).result.contents;
  assert.equal(clients.uri, 'crm://clients');
  assert.equal(clients.mimeType, 'application/json');
  assert.equal(JSON.parse(clients.text).length, 100);

  const [handbook] = (await read('docs://handbook')).result.contents;
  assert.equal(handbook.text, fs.readFileSync(path.join(stack.dir, 'handbook.md'), 'utf8'));

  const [client] = (await read('crm://clients/1')).result.contents;
  assert.equal(client.uri, 'crm://clients/1');
  assert.equal(JSON.parse(client.text).email, 'test@example.com');
  assert.equal((await read('crm://clients/%31')).result.contents[0].text, client.text);
});

test('a resource that is not there is -32602 with its uri', async () => {
  for (const uri of ['crm://nothing', 'crm://clients/', 'crm://clients/999999', 'crm://clients/1/2', 'docs://handbook/..', '']) {
    const { error } = await read(uri);
    assert.equal(error.code, -32602, uri);
    assert.deepEqual(error.data, { uri });
  }
  assert.equal((await stack.call(0, 'resources/read', {})).error.code, -32602);
});

test('a file is read anew each time, and its absence is an error', async () => {
  const file = path.join(stack.dir, 'handbook.md');
  const before = fs.readFileSync(file);
  fs.writeFileSync(file, '# Anew\n');
  assert.equal((await read('docs://handbook')).result.contents[0].text, '# Anew\n');
  fs.rmSync(file);
  assert.ok((await read('docs://handbook')).error);
  fs.writeFileSync(file, before);
  assert.ok((await read('docs://handbook')).result);
});

// --- prompts -----------------------------------------------------------------------

test('prompts are listed with their arguments', async () => {
  const { result } = await stack.call(0, 'prompts/list');
  assert.deepEqual(
    result.prompts.map(({ name, arguments: args }) => [name, args.map((one) => [one.name, one.required])]),
    [['client_summary', [['client_email', true]]]],
  );
});

const prompt = (args, name = 'client_summary') => stack.call(0, 'prompts/get', { name, arguments: args });

test('a prompt is made ready with the row it speaks of', async () => {
  const { result } = await prompt({ client_email: 'test@example.com' });
  assert.equal(result.messages.length, 1);
  assert.equal(result.messages[0].role, 'user');
  assert.equal(result.messages[0].content.type, 'text');
  assert.match(result.messages[0].content.text, /^Name: Test Client$/m);
  assert.match(result.messages[0].content.text, /^Phone: \+1-202-555-0100$/m);
});

test('a prompt without its argument, of nobody, or that is none, is -32602', async () => {
  assert.match((await prompt({})).error.message, /client_email/);
  assert.match((await prompt({ client_email: 'nobody@example.com' })).error.message, /nobody@example.com not found/);
  for (const answer of [
    await prompt({}),
    await prompt(undefined),
    await prompt({ client_email: 1 }),
    await prompt({ client_email: 'nobody@example.com' }),
    await prompt({}, 'nothing'),
  ]) {
    assert.equal(answer.error.code, -32602);
  }
});

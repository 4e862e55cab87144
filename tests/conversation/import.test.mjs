// mcpctl import: what it makes of a description, and what it makes of a bad one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import { Back } from '../lib/back.mjs';
import { bin, makeDirectory, readConfig, top } from '../lib/site.mjs';
import { startStack } from '../lib/stack.mjs';

const YAML = path.join(top, 'examples/garden.yaml');
const JSON_TWIN = path.join(top, 'tests/conversation/fixture/garden.json');

// -> { status, out, err }
function imported(...args) {
  const { status, stdout, stderr, signal } = spawnSync(path.join(bin, 'mcpctl'), ['import', 'openapi', ...args], {
    encoding: 'utf8',
    timeout: 20000,
    maxBuffer: 1 << 26,
  });
  assert.equal(signal, null, stderr.slice(0, 2000));
  return { status, out: stdout, err: stderr };
}

// What was written, as the configuration's reader would have it.
function toolsOf(t, text) {
  const file = path.join(makeDirectory(t), 'tools.json');
  fs.writeFileSync(file, text);
  return readConfig(file).tools;
}

function importText(t, text, ...args) {
  const file = path.join(makeDirectory(t), 'api.yaml');
  fs.writeFileSync(file, text);
  return imported(...args, file);
}

// One operation of its own, whose parts a test gives.
const api = (operation, more = {}) =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'T', version: '1' },
    servers: [{ url: 'http://127.0.0.1:9/' }],
    paths: { '/x/{id}': { get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: {}, ...operation } } },
    ...more,
  });

test('each operation becomes a tool fit for models', (t) => {
  const { status, out } = imported(YAML);
  assert.equal(status, 0);
  const tools = toolsOf(t, out);
  assert.deepEqual(tools.map((one) => one.name), ['list_plants', 'create_plant', 'get_plant', 'remove_plant', 'orders_search', 'plant_bed']);
  const [list, create, get, remove, search, bed] = tools;
  assert.equal(list.description, 'List plants. Plants in stock, cheapest first. At most a hundred are shown.');
  assert.deepEqual(list.inputSchema.properties['max-price'], { type: 'number', exclusiveMinimum: 0 });
  assert.deepEqual(list.inputSchema.required, ['X-Tenant']);
  assert.deepEqual(list.http, {
    method: 'GET',
    url: 'https://eu.garden.example/v2/plants',
    query: { kind: '{kind}', 'max-price': '{max-price}', 'page[size]': '{page_size}' },
    headers: { Authorization: { env: 'API_TOKEN', prefix: 'Bearer ' }, 'X-Tenant': '{X-Tenant}' },
  });
  assert.deepEqual(create.inputSchema.properties.latin, { type: ['string', 'null'] });
  assert.equal(create.inputSchema.properties.id, undefined, 'what is read only is not asked for');
  assert.deepEqual(create.outputSchema.required, ['id', 'name']);
  assert.equal(get.http.url, 'https://eu.garden.example/v2/plants/{plantId}');
  assert.deepEqual(get.annotations, { readOnlyHint: true });
  assert.equal(remove.annotations.destructiveHint, true);
  assert.deepEqual(search.http.form, ['q', 'open']);
  assert.deepEqual(search.http.headers.Authorization, { env: 'API_BASIC', prefix: 'Basic ' });
  assert.equal(bed.annotations.idempotentHint, true);
  assert.match(JSON.stringify(bed.inputSchema), /"\$ref":"#\/\$defs\/Patch"/, 'what contains itself stays a reference');
});

test('JSON and YAML of one description give the same bytes, and so does a second time', () => {
  const { out } = imported(YAML);
  assert.equal(imported(YAML).out, out);
  assert.equal(imported(JSON_TWIN).out.replace('garden.json', 'garden.yaml'), out);
});

test('its schemas are JSON Schema 2020-12 by another judge, and judge as was meant', (t) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const { name, inputSchema, outputSchema } of toolsOf(t, imported(YAML).out)) {
    const judge = ajv.compile(inputSchema);
    if (outputSchema) ajv.compile(outputSchema);
    if (name === 'create_plant') {
      assert.ok(judge({ 'X-Tenant': 'a', name: 'Rosemary', latin: null, bed: null }));
      assert.ok(!judge({ 'X-Tenant': 'a', name: 'Rosemary', nursery: null }));
      assert.ok(!judge({ name: 'Rosemary' }));
    }
    if (name === 'list_plants') assert.ok(!judge({ 'X-Tenant': 'a', 'max-price': 0 }));
  }
});

test('what cannot be carried over is told, each with its place', () => {
  const lines = imported(YAML).err.trim().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^mcpctl: garden\.yaml#\/paths\/~1plants\/get\/parameters\/3: cookies are not sent/);
  assert.match(lines[1], /#\/paths\/~1photos\/post\/requestBody: .*left out/);
  assert.match(lines[2], /#\/paths\/~1catalogue\/get: is deprecated and left out; --operation old_catalogue takes it/);
});

test('it reads as a file of the site: a heading, lines that fit, no path of where it was made', () => {
  const { out } = imported(YAML);
  assert.match(out, /^\/\/ Garden shop, version 2\.1: tools made from garden\.yaml by mcpctl import\.\n/);
  assert.ok(!out.includes(top));
  assert.ok(out.split('\n').every((line) => line.length <= 140 && !/\s$/.test(line)));
});

test('options choose, rename and place', (t) => {
  const names = (...args) => toolsOf(t, imported(...args, YAML).out).map((one) => one.name);
  assert.deepEqual(names('--read-only'), ['list_plants', 'get_plant']);
  assert.deepEqual(names('--operation', 'oldCatalogue'), ['old_catalogue']);
  assert.equal(names('--tag', 'plants').length, 4);
  assert.ok(names('--prefix', 'shop_').every((name) => name.startsWith('shop_')));
  const [one] = toolsOf(t, imported('--base-url', 'http://127.0.0.1:3000/api', YAML).out);
  assert.equal(one.http.url, 'http://127.0.0.1:3000/api/plants');
  assert.ok(toolsOf(t, imported('--no-output-schema', YAML).out).every((tool) => !tool.outputSchema));
});

test('a file that exists is not written over unless that is meant', (t) => {
  const file = path.join(makeDirectory(t), 'tools.json');
  assert.equal(imported('--output', file, YAML).status, 0);
  const first = fs.readFileSync(file, 'utf8');
  fs.appendFileSync(file, '// mine\n');
  assert.equal(imported('--output', file, YAML).status, 1);
  assert.match(fs.readFileSync(file, 'utf8'), /\/\/ mine/);
  assert.equal(imported('--force', '--output', file, YAML).status, 0);
  assert.equal(fs.readFileSync(file, 'utf8'), first);
});

test('names are unique, short and of letters, whatever the operations are called', (t) => {
  const paths = {};
  for (const id of ['a b', 'a-b', 'aB', 'ü', '', 'x'.repeat(200), '9lives', 'a b']) {
    paths[`/${Object.keys(paths).length}`] = { get: { operationId: id, responses: {} } };
  }
  const { out } = importText(t, JSON.stringify({ openapi: '3.0.0', info: { title: 'T', version: '1' }, servers: [{ url: 'http://127.0.0.1' }], paths }));
  const names = toolsOf(t, out).map((one) => one.name);
  assert.equal(names.length, 8);
  assert.equal(new Set(names).size, 8);
  for (const name of names) assert.match(name, /^[A-Za-z0-9_]{1,64}$/);
});

test('secrets are never in the file, and braces of theirs are no places', (t) => {
  const { out } = importText(
    t,
    api(
      { security: [{ key: [] }], parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', default: '{x}' } }] },
      { components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key', description: 'hunter2' } } } },
    ),
  );
  const [tool] = toolsOf(t, out);
  assert.deepEqual(Object.keys(tool.http.headers['X-Key']), ['env']);
  assert.ok(!out.includes('hunter2'));
});

test('references to elsewhere are not followed, and that is told', (t) => {
  for (const ref of ['http://127.0.0.1:1/s.json', 'other.json#/x', '/etc/passwd', '#/components/schemas/None']) {
    const parameters = [{ name: 'id', in: 'path', required: true, schema: { $ref: ref } }];
    const { status, err } = importText(t, api({ parameters }));
    assert.ok(status <= 1);
    assert.match(err, /api\.yaml#\/paths\/~1x~1\{id\}\/get/, err);
  }
});

test('hostile descriptions end soon, with a sentence', (t) => {
  const deep = (open, close, n) => open.repeat(n) + close.repeat(n);
  let bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
  for (let i = 1; i < 12; i++) bomb += `a${i}: &a${i} [${Array(9).fill(`*a${i - 1}`).join(', ')}]\n`;
  const cases = [
    ['', /./],
    ['garbage: [', /:\d+: /],
    ['\u0000', /./],
    ['a: &a [*a]', /./],
    [bomb, /./],
    [deep('[', ']', 100000), /./],
    [`{"openapi": "3.1.0", "paths": ${deep('{"a":', '}', 300).replace('}', '1}')}}`, /./],
    ['openapi: 3.0.0\nopenapi: 3.0.0\n', /./],
    ['!!python/object:x {}', /./],
    ['openapi: "2.0"', /only OpenAPI 3\.0 and 3\.1 are known/],
    ['x'.repeat(17 << 20), /./],
    [api({ parameters: [{ $ref: '#/paths/~1x~1{id}/get/parameters/0' }] }), /./],
  ];
  for (const [text, pattern] of cases) {
    const begun = performance.now();
    const { status, err, out } = importText(t, text);
    assert.equal(status, 1, `${text.slice(0, 60)} ${out.slice(0, 200)}`);
    assert.match(err, pattern);
    assert.ok(err.length < 100000);
    assert.ok(performance.now() - begun < 10000);
  }
  // schemas that go in circles are carried over as they are
  const circle = { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } };
  const parameters = [{ name: 'id', in: 'path', required: true, schema: { $ref: '#/components/schemas/A' } }];
  assert.ok(importText(t, api({ parameters }, { components: { schemas: circle } })).status <= 1);
});

test('words that are off are said to be', (t) => {
  for (const args of [[], ['--nothing', YAML], [YAML, YAML], ['--base-url', 'ftp://x', YAML], ['--prefix', 'a b', YAML]]) {
    const { status, err } = imported(...args);
    assert.equal(status, 2, `${args} ${err}`);
    assert.match(err, /./);
  }
  assert.equal(imported(path.join(makeDirectory(t), 'none.json')).status, 1);
});

test('what it makes is a configuration, and calls the back end', async (t) => {
  const back = await Back.start(t);
  back.on('/', (asked, res) => res.setHeader('Content-Type', 'application/json').end('{"id":12,"name":"Rosemary"}'));
  process.env.API_TOKEN = process.env.API_BASIC = 'secret-of-the-test';
  t.after(() => {
    delete process.env.API_TOKEN;
    delete process.env.API_BASIC;
  });
  const { out } = imported('--base-url', back.url, YAML);
  const stack = await startStack(t, { broker: false, change: (config) => void config.tools.push(...toolsOf(t, out)) });
  const { result } = await stack.call(0, 'tools/call', { name: 'get_plant', arguments: { plantId: 12 } });
  assert.notEqual(result.isError, true, JSON.stringify(result));
  assert.equal(back.asked.at(-1).url, '/v2/plants/12');
  assert.deepEqual(JSON.parse(result.content[0].text), { id: 12, name: 'Rosemary' });
  await stack.call(0, 'tools/call', { name: 'list_plants', arguments: { 'X-Tenant': 'a', kind: ['herb', 'tree'] } });
  const { url, headers } = back.asked.at(-1);
  assert.equal(url, '/v2/plants?kind=herb&kind=tree');
  assert.equal(headers['x-tenant'], 'a');
  assert.equal(headers.authorization, 'Bearer secret-of-the-test');
});

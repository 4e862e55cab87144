// Our verdicts and those of ajv, on schemas and instances nobody chose.
//
// A generator with a known seed makes schemas of every keyword, and instances
// that are likely to meet them. Where the two disagree, the specification says
// who is right: each kind of such a case is listed in EXPLAINED, with the section,
// and counted. MCP_SCHEMA_CASES and MCP_SCHEMA_SEED ask for more, or for others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';

const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const bin = process.env.MCP_BIN ?? path.join(top, 'build');
const cases = Number(process.env.MCP_SCHEMA_CASES ?? 3000);
const seed = Number(process.env.MCP_SCHEMA_SEED ?? 20201201);

// --- chance ------------------------------------------------------------------

function makeChance(state) {
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    int: (n) => Math.floor(next() * n),
    is: (probability) => next() < probability,
    of: (list) => list[Math.floor(next() * list.length)],
  };
}

// --- instances ---------------------------------------------------------------

const NAMES = ['a', 'b', 'c', 'foo', 'x-1', 'd\u00e9'];
const STRINGS = ['', 'a', 'b', 'foo', 'aab', '12', 'x-1', '\u00e4\ud83d\ude00', 'a\nb', '2026-11-23', 'x y'];
const NUMBERS = [0, 1, 2, 3, -1, 1.0, 0.5, 1.5, 0.01, 19.99, 4.35, 100, 1e3, -7, 12345678901];
const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'];

function makeInstance(chance, depth) {
  const kind = chance.int(depth > 0 ? 9 : 5);
  if (kind === 0) return chance.of([null, true, false]);
  if (kind <= 2) return chance.of(NUMBERS);
  if (kind <= 4) return chance.of(STRINGS);
  if (kind <= 6) return Array.from({ length: chance.int(4) }, () => makeInstance(chance, depth - 1));
  const made = {};
  for (let n = chance.int(4); n > 0; n--) made[chance.of(NAMES)] = makeInstance(chance, depth - 1);
  return made;
}

// --- schemas -----------------------------------------------------------------

const PATTERNS = [
  'a', '^a', 'a$', '^[a-z]+$', '^\\d+$', '\\s', '^.$', '^.*$', '[^]b', '^(a|b)*$', 'x-\\d', '\\u00e4', '^\\p{L}+$',
  '(?<c>a)\\k<c>', '^(?!foo)', '[\\S]', '^\\S+$', 'a{2}', '^$', '^[^a-c]*$', '\\bfoo\\b', '\\u{1F600}', '[[]', '\\x61',
];

function subset(chance, list, atLeast) {
  const some = list.filter(() => chance.is(0.3));
  return some.length >= atLeast ? some : [chance.of(list)];
}

function makeKeywords(chance, depth, refs) {
  const sub = () => makeSchema(chance, depth - 1, refs);
  const map = (names) => Object.fromEntries(subset(chance, names, 1).map((name) => [name, sub()]));
  const list = () => Array.from({ length: 1 + chance.int(3) }, sub);
  const simple = {
    type: () => (chance.is(0.7) ? chance.of(TYPES) : subset(chance, TYPES, 1)),
    const: () => makeInstance(chance, 1),
    enum: () => [makeInstance(chance, 1), { a: 1 }, chance.of(STRINGS)],
    minimum: () => chance.of(NUMBERS),
    maximum: () => chance.of(NUMBERS),
    exclusiveMinimum: () => chance.of(NUMBERS),
    exclusiveMaximum: () => chance.of(NUMBERS),
    multipleOf: () => chance.of([1, 2, 3, 0.5, 1.5, 100]),
    minLength: () => chance.int(4),
    maxLength: () => chance.int(4),
    pattern: () => chance.of(PATTERNS),
    minItems: () => chance.int(3),
    maxItems: () => chance.int(3),
    uniqueItems: () => chance.is(0.8),
    minProperties: () => chance.int(3),
    maxProperties: () => chance.int(3),
    required: () => subset(chance, NAMES, 1),
    dependentRequired: () => ({ [chance.of(NAMES)]: subset(chance, NAMES, 1) }),
  };
  const deep = {
    properties: () => map(NAMES),
    patternProperties: () => map(PATTERNS),
    additionalProperties: sub,
    propertyNames: sub,
    dependentSchemas: () => map(NAMES),
    prefixItems: list,
    items: sub,
    contains: sub,
    allOf: list,
    anyOf: list,
    oneOf: list,
    not: sub,
    if: sub,
    then: sub,
    else: sub,
    unevaluatedProperties: sub,
    unevaluatedItems: sub,
    $ref: () => chance.of(refs),
  };
  return { simple, deep };
}

function makeSchema(chance, depth, refs) {
  if (chance.is(0.12)) return chance.is(0.6);
  const { simple, deep } = makeKeywords(chance, depth, refs);
  const schema = {};
  for (let n = 1 + chance.int(3); n > 0; n--) {
    const table = depth > 0 && chance.is(0.65) ? deep : simple;
    const name = chance.of(Object.keys(table));
    schema[name] = table[name]();
  }
  if (schema.contains !== undefined && chance.is(0.4)) {
    schema.minContains = chance.int(3);
    if (chance.is(0.5)) schema.maxContains = schema.minContains + chance.int(2);
  }
  return schema;
}

// References lead down only, so that nothing refers to itself without end.
function makeDocument(chance) {
  const $defs = {};
  $defs.leaf = makeSchema(chance, 0, []);
  $defs.branch = { $anchor: 'twig', ...Object(makeSchema(chance, 1, ['#/$defs/leaf'])) };
  const schema = makeSchema(chance, 3, ['#/$defs/leaf', '#/$defs/branch', '#twig']);
  return typeof schema === 'boolean' ? schema : { ...schema, $defs };
}

// --- the two judges ----------------------------------------------------------

async function ask(lines) {
  const child = spawn(path.join(bin, 'tests/schema/schema_check'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = [];
  const reader = readline.createInterface({ input: child.stdout });
  reader.on('line', (line) => answers.push(line));
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.equal(answers.length, lines.length);
  return answers.map((answer) => {
    const blank = answer.indexOf(' ');
    return { verdict: answer.slice(0, blank), why: answer.slice(blank + 1) };
  });
}

function judge(schema, instance) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false, validateSchema: false });
  try {
    return ajv.validate(schema, instance) ? 'valid' : 'invalid';
  } catch (error) {
    // what it generates from some mixtures of $ref and unevaluated* does not run
    assert.ok(error instanceof ReferenceError || error instanceof TypeError, error);
    return 'broken';
  }
}

// What ajv is known to see otherwise than the specification.
const EXPLAINED = [
  {
    // "The annotation result of this keyword is an array of indexes at which the
    // subschema validates"; ajv takes all items for evaluated, or, beside a
    // "minContains", none.
    section: 'Core, "contains" and "unevaluatedItems"',
    fits: (text) => text.includes('"contains"') && text.includes('"unevaluatedItems"'),
  },
  {
    // Without "minContains" an empty array contains too little, whatever stands
    // beside; ajv does not look once there is a "prefixItems".
    section: 'Core, "contains", beside "prefixItems"',
    fits: (text, why, theirs) => theirs === 'valid' && text.includes('"prefixItems"') && why.includes('as "contains" describes, got 0'),
  },
  {
    // Annotations of a subschema that fails are dropped; ajv keeps, of a branch
    // that fails, that its "unevaluatedItems" has seen all.
    section: 'Core, "Collecting Annotations"',
    fits: (text, why, theirs) => theirs === 'valid' && /"(anyOf|oneOf|if|not)"/.test(text) && text.split('"unevaluatedItems"').length > 2,
  },
];

// --- the tests ---------------------------------------------------------------

test(`ajv and we agree on ${cases} generated cases`, async (t) => {
  const chance = makeChance(seed);
  const lines = Array.from({ length: cases }, () => ({
    schema: makeDocument(chance),
    instance: makeInstance(chance, 3),
  }));
  const ours = await ask(lines);
  const count = { valid: 0, invalid: 0, broken: 0 };
  const disagreements = [];
  const explained = new Map();
  lines.forEach(({ schema, instance }, i) => {
    const theirs = judge(schema, instance);
    count[theirs]++;
    if (ours[i].verdict === theirs || theirs === 'broken') return;
    const text = JSON.stringify(schema);
    const known = EXPLAINED.find(({ fits }) => fits(text, ours[i].why, theirs));
    if (known) explained.set(known.section, (explained.get(known.section) ?? 0) + 1);
    else disagreements.push({ theirs, ours: ours[i], schema, instance });
  });
  t.diagnostic(`${count.valid} valid, ${count.invalid} invalid, ${count.broken} ajv cannot judge`);
  for (const [section, n] of explained) t.diagnostic(`${n} explained by ${section}`);
  assert.equal(disagreements.length, 0,
    `${disagreements.length} disagreements, such as\n${disagreements.slice(0, 5).map((d) => JSON.stringify(d)).join('\n')}`);
  assert.ok(count.broken < cases / 100, 'ajv cannot judge too many');
  assert.ok(Math.min(count.valid, count.invalid) > cases / 10, 'the cases are one-sided');
});

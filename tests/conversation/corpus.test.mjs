// What nobody should send: through every handler it arrives as data, byte for
// byte, or is refused with a sentence; nothing else happens.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Back } from '../lib/back.mjs';
import { startFixture } from './fixture/fixture.mjs';

const words = {
  quotes: `'; DROP TABLE clients; --`,
  doubled: `" OR ""="' OR ''='`,
  comment: `/* */ -- \\'`,
  union: `x' UNION SELECT 1, sqlite_version(), 3, 4; ATTACH 'x' AS y;`,
  dollar: '$$; SELECT pg_sleep(9); $$ :v :1 ?1 @v $1',
  substitution: '$(touch PWNED) `touch PWNED` ${IFS} $HOME',
  pipeline: '; touch PWNED | cat && touch PWNED || true > PWNED < /etc/passwd &',
  globs: '* ? [a-z] ~ ~root {a,b} !! #',
  backslashes: '\\ \\n \\0 \\x00 \\\\server\\share',
  newlines: 'one\ntwo\r\nthree\rfour\n',
  header: 'x\r\nX-Injected: yes\r\n\r\nGET /other HTTP/1.1\r\n',
  traversal: '../../../../etc/passwd',
  encoded: '%2e%2e%2f%00%0d%0a%25%zz',
  authority: '@other.example/..//other.example:80#?&=;',
  places: '{v} {{v}} {other} }{ {0}',
  formats: '%s%n%d%1$s %%',
  markup: `<script>alert(1)</script>]]><!--&amp;`,
  json: '"},{"x":"\\u0022"]',
  controls: '\u0001\u0002\u0008\u001b[2J\u007f\t',
  unicode: 'ÅﬁÄ\u0301 \u202e\u2028\u2029\ufeff\u200b \u{1f468}\u200d\u{1f469} \uffff\ufffd',
  spaces: '  leading, trailing  ',
  empty: '',
  long: 'x'.repeat(100000),
};
const nul = 'before\0after';

const handlers = ['sql', 'text', 'plugin', 'argv', 'stdin', 'env', 'path', 'query', 'header', 'json', 'form'];
const back = await Back.start({ after });
const reflect = ({ method, url, headers, body }) => JSON.stringify({ method, url, header: headers['x-v'] ?? null, body: body.toString() });
back.on('/', (asked, res) => res.setHeader('Content-Type', 'application/json').end(reflect(asked)));
const v = { type: 'object', properties: { v: { type: 'string' } }, required: ['v'] };
const tool = (name, handler) => ({ name, description: 'Gives back what it gets', inputSchema: v, ...handler });
const exec = (argv, more) => ({ exec: { argv, max_bytes: 1 << 20, ...more } });
const http = (more) => ({ http: { url: `${back.url}/at`, ...more } });
const stack = await startFixture({ after }, {
  change: (config) => {
    config.tools.push(
      tool('sql', { sql: { database: 'crm', query: 'SELECT :v', result: 'value' } }),
      tool('text', { text: '{v}' }),
      tool('argv', exec(['/usr/bin/printf', '%s', '{v}'], { dashes: true })),
      tool('stdin', exec(['/bin/cat'], { stdin: '{v}' })),
      tool('env', exec(['/bin/sh', '-c', 'printf %s "$V"'], { env: { V: '{v}' } })),
      tool('path', { http: { url: `${back.url}/at/{v}/end` } }),
      tool('query', http({ query: { q: '{v}', fixed: 'yes' } })),
      tool('header', http({ headers: { 'X-V': '{v}' } })),
      tool('json', http({ method: 'POST', json: { v: '{v}', beside: 'x{v}x' } })),
      tool('form', http({ method: 'POST', form: { v: '{v}', fixed: 'yes' } })),
    );
  },
});

// What each says that it got. -> the value
const seen = {
  sql: (text) => text,
  text: (text) => text,
  plugin: (text) => JSON.parse(text).v,
  argv: (text) => text,
  stdin: (text) => text,
  env: (text) => text,
  path: (text) => {
    const { url } = JSON.parse(text);
    const parts = url.split('/');
    assert.deepEqual([parts.length, parts[1], parts[3]], [4, 'at', 'end'], `one segment: ${url}`);
    return decodeURIComponent(parts[2]);
  },
  query: (text) => {
    const url = new URL(JSON.parse(text).url, 'http://x');
    assert.deepEqual([url.pathname, [...url.searchParams.keys()], url.searchParams.get('fixed')], ['/at', ['q', 'fixed'], 'yes']);
    return url.searchParams.get('q');
  },
  header: (text) => Buffer.from(JSON.parse(text).header, 'latin1').toString(),
  json: (text) => {
    const body = JSON.parse(JSON.parse(text).body);
    assert.deepEqual(Object.keys(body), ['v', 'beside']);
    assert.equal(body.beside, `x${body.v}x`);
    return body.v;
  },
  form: (text) => {
    const form = new URLSearchParams(JSON.parse(text).body);
    assert.deepEqual([...form.keys()], ['v', 'fixed']);
    return form.get('v');
  },
};

// -> the text, or the sentence of a refusal as an Error
async function through(handler, value) {
  const { result } = await stack.call(0, 'tools/call', { name: handler === 'plugin' ? 'echo' : handler, arguments: { v: value } });
  const [{ type, text } = { type: 'text', text: '' }] = result.content;
  assert.equal(type, 'text');
  return result.isError ? new Error(text) : text;
}

// Where a value cannot be what it is, it is refused, and not bent.
const mayRefuse = {
  header: new Set(['newlines', 'header', 'controls', 'spaces', 'empty', 'long']),
  path: new Set(['empty', 'long', 'traversal', 'authority']),
  query: new Set(['long']),
};

for (const handler of handlers) {
  test(`${handler}: every word arrives as it is, or is refused with a sentence`, async () => {
    for (const [name, word] of Object.entries(words)) {
      const got = await through(handler, word);
      if (got instanceof Error) {
        assert.ok(mayRefuse[handler]?.has(name), `${name} was refused: ${got.message}`);
        assert.match(got.message, /^(v|The arguments): .{20,300}$/);
        assert.ok(!got.message.includes('127.0.0.1') && !/SELECT|\/usr\/bin/.test(got.message), got.message);
      } else {
        assert.equal(seen[handler](got), word, name);
      }
    }
    const rows = await stack.call(0, 'tools/call', { name: 'count_clients', arguments: {} });
    assert.ok(Number(rows.result.content[0].text) > 0, 'the table still stands');
    assert.ok(!fs.existsSync(path.join(stack.dir, 'PWNED')) && !fs.existsSync('PWNED') && !fs.existsSync('/PWNED'));
  });
}

test('a NUL arrives where it can, and is refused where it cannot', async () => {
  for (const handler of handlers) {
    const got = await through(handler, nul);
    if (['argv', 'env', 'header'].includes(handler)) assert.ok(got instanceof Error, `${handler} took it: ${got}`);
    if (!(got instanceof Error)) assert.equal(seen[handler](got), nul, handler);
    else assert.match(got.message, /NUL|character/i);
  }
});

test('a path is not led elsewhere', async () => {
  for (const dots of ['.', '..', '']) {
    const got = await through('path', dots);
    assert.ok(got instanceof Error, `${JSON.stringify(dots)}: ${got}`);
  }
});

test('what is no string, no UTF-8 or no JSON never reaches a handler', async () => {
  const asked = back.asked.length;
  const call = (v) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"v":${v}}}}`;
  for (const v of ['1', 'null', '[]', '{}', 'true', '{"v":"x"}']) {
    const { json } = await stack.say(0, call(v));
    assert.equal(json.result.isError, true, v);
    assert.match(json.result.content[0].text, /\bv\b/);
  }
  for (const v of ['"\\ud800"', '"\\q"', '"\\u00"', '"unended', '1e999999999', '-', '{"a":1,"a":2}', '['.repeat(2000), '9'.repeat(400)]) {
    const answer = await stack.say(0, call(v));
    assert.ok(answer.json.error || answer.json.result.isError, `${v.slice(0, 20)} ${answer.text}`);
  }
  for (const bytes of ['\xff', '\xc0\x80', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xe2\x82']) {
    const answer = await stack.say(0, Buffer.from(call(`"${bytes}"`), 'latin1'));
    assert.equal(answer.json.error.code, -32700, answer.text);
  }
  const bomb = `[${'{},'.repeat(200000)}{}]`;
  assert.ok((await stack.say(0, call(bomb))).json.error);
  assert.equal(back.asked.length, asked, 'the back end has heard of none of it');
});

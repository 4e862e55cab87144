// A tool that asks a back end: arguments arrive as data or are refused with a
// sentence, and whatever the back end does, the caller gets a sentence in time.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { Back, headerOf, pairsOf, queryOf } from '../lib/back.mjs';
import { findProgram, freePort, lacks, makeDirectory, readConfig, top } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';
import { begin, openClient, result } from './fixture/fixture.mjs';

const SECRET = 'hush-1f6c0d';
const FILED = 'filed-77aa12';
process.env.MCP_TEST_TOKEN = SECRET;

const strings = (...names) => ({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, {}])) });
const tool = (name, http, ...names) => ({ name, description: name, inputSchema: strings(...names), http });

const dir = makeDirectory({ after });
fs.writeFileSync(path.join(dir, 'key'), `${FILED}\n`);
const back = await Back.start({ after });
const other = await Back.start({ after });
const url = back.url;

const tools = [
  tool('path', { url: `${url}/p/{id}/end`, retries: 0 }, 'id'),
  tool('parts', { url: `${url}/v{n}/{a}.{b}` }, 'n', 'a', 'b'),
  tool('query', { url: `${url}/q`, query: { v: '{v}', w: 'w={w}', name: 'fixed & fast', n: 1, t: true } }, 'v', 'w'),
  tool('names', { url: `${url}/q`, query: ['page', 'q'] }, 'page', 'q'),
  tool('header', { url: `${url}/h`, headers: { 'X-V': '{v}', 'X-Made': 'made of {w}', 'X-Empty': '', 'X-N': 5 } }, 'v', 'w'),
  tool(
    'json',
    {
      method: 'POST',
      url: `${url}/j`,
      json: { v: '{v}', t: 'so {v}', n: 1.50, yes: true, none: null, deep: { w: '{w}', list: ['{v}', '{w}', 'x', 2] }, '{v}': {} },
    },
    'v',
    'w',
  ),
  tool('named', { method: 'PUT', url: `${url}/j`, json: ['v', 'w'] }, 'v', 'w'),
  tool('form', { method: 'POST', url: `${url}/f`, form: { v: '{v}', 'a&b': '{w}', fixed: 'x y' } }, 'v', 'w'),
  tool('body', { method: 'PATCH', url: `${url}/b`, body: '<{v}>', contentType: 'text/x-own' }, 'v'),
  tool('remove', { method: 'DELETE', url: `${url}/d/{id}` }, 'id'),
  tool('head', { method: 'HEAD', url: `${url}/head` }),
  tool('secret', {
    url: `${url}/s`,
    headers: { Authorization: { env: 'MCP_TEST_TOKEN', prefix: 'Bearer ' }, 'X-Key': { file: path.join(dir, 'key') } },
  }),
  tool('whoami', { url: `${url}/who`, forward: { user: 'X-Remote-User' } }),
  tool('as_me', { url: `${url}/me`, forward: { authorization: true } }),
  tool('status', { url: `${url}/status/{n}`, empty: 'There is no {n}', retries: 0 }, 'n'),
  tool('plain_status', { url: `${url}/status/{n}`, retries: 0 }, 'n'),
  tool('only_201', { url: `${url}/status/{n}`, ok: [201, 418], retries: 0 }, 'n'),
  tool('get', { url: `${url}/{what}` , retries: 0 }, 'what'),
  tool('get_json', { url: `${url}/{what}`, output: 'json' }, 'what'),
  tool('get_text', { url: `${url}/{what}`, output: 'text' }, 'what'),
  tool('small', { url: `${url}/{what}`, max_bytes: 1000 }, 'what'),
  tool('again', { url: `${url}/again`, retries: 3 }),
  tool('post_again', { method: 'POST', url: `${url}/again`, json: {} }),
  tool('slow', { url: `${url}/slow`, timeout_ms: 60000 }),
  tool('short', { url: `${url}/slow`, timeout_ms: 200 }),
  tool('redirected', { url: `${url}/to/{where}` }, 'where'),
  tool('post_redirected', { method: 'POST', url: `${url}/to/{where}` }, 'where'),
];

const resources = [
  { uri: 'back://list', name: 'list', http: { url: `${url}/r/list` } },
  { uri: 'back://picture', name: 'picture', mimeType: 'image/png', http: { url: `${url}/r/picture` } },
  { uri: 'back://large', name: 'large', http: { url: `${url}/r/large`, max_bytes: 1000 } },
];
const resourceTemplates = [{ uriTemplate: 'back://one/{id}', name: 'one', http: { url: `${url}/r/one/{id}` } }];

const withBack = (config) => {
  config.tools.push(...tools);
  config.resources.push(...resources);
  config.resourceTemplates = [...(config.resourceTemplates ?? []), ...resourceTemplates];
};
const stack = await startStack({ after }, { workers: 1, change: withBack });

const call = (name, args = {}, options) => result(stack, 0, 'tools/call', { name, arguments: args }, options);

// -> what the back end heard; the call must succeed
async function heard(name, args, options) {
  const answer = await call(name, args, options);
  assert.equal(answer.isError, undefined, JSON.stringify(answer));
  return back.asked.at(-1);
}

// -> the sentence; nothing may have been sent
async function refused(name, args, options) {
  const before = back.asked.length;
  const answer = await call(name, args, options);
  assert.equal(answer.isError, true, JSON.stringify(answer));
  assert.equal(back.asked.length, before, `sent all the same: ${back.asked.at(-1)?.url}`);
  return answer.content[0].text;
}

// -> the sentence
async function failed(name, args, options) {
  const answer = await call(name, args, options);
  assert.equal(answer.isError, true, JSON.stringify(answer));
  assert.equal(answer.structuredContent, undefined);
  return answer.content[0].text;
}

const CORPUS = [
  'plain',
  'two words',
  'a&b=c',
  'a?b#c;d',
  'a%2Fb%00%zz',
  'a+b',
  '"quoted" \'single\' \\back',
  '{v}{{w}}',
  'http://other.example/',
  '//other.example/x',
  '@other.example',
  'a/b\\c',
  ':8080',
  '<script>&amp;',
  '$(id) `id` ${v}',
  'Übergröße 日本 👩‍💻 \u{10ffff}',
  '\u0301\u200b\u202e\ufeff',
  '-._~!*()',
  'x'.repeat(5000),
];
const CONTROLS = ['a\r\nX-Evil: 1', 'a\nb', 'a\rb', 'a\u0000b', '\u0001\u001f\u007f', 'a\tb\u000b'];

// --- arguments are data ------------------------------------------------------------------------

test('a path: every byte stays within its segment', async () => {
  for (const id of [...CORPUS, ...CONTROLS.filter((one) => !one.includes('\0')), '...', '.hidden', 'a..b', ' ']) {
    const asked = await heard('path', { id });
    const [, p, segment, end, ...rest] = asked.url.split('/');
    assert.deepEqual([p, end, rest], ['p', 'end', []], asked.url);
    assert.match(segment, /^([A-Za-z0-9._~-]|%[0-9A-F]{2})+$/);
    assert.equal(decodeURIComponent(segment), id);
  }
});

test('a path: what would lead elsewhere is refused', async () => {
  for (const id of ['', '.', '..', '../x', 'x/..', '../../etc/passwd', 'a/./b', '..\\x', 'a\\..', './']) {
    assert.match(await refused('path', { id }), /^id: may not/, id);
  }
  assert.match(await refused('path', { id: 'a\0b' }), /^id: may not hold a NUL/);
  assert.match(await refused('path', {}), /^id: is needed/);
  assert.match(await refused('path', { id: null }), /^id: is needed/);
  assert.match(await refused('path', { id: 'x'.repeat(70000) }), /too long/);
});

test('a path: a segment of several places is looked at as a whole', async () => {
  assert.equal((await heard('parts', { n: 2, a: 'a/b', b: 'json' })).url, '/v2/a%2Fb.json');
  assert.equal((await heard('parts', { n: true, a: '', b: 'json' })).url, '/vtrue/.json');
  for (const [a, b] of [['', ''], ['', '.'], ['.', ''], ['x/', '']]) {
    assert.match(await refused('parts', { n: 1, a, b }), /may not be or hold/, `${a}|${b}`);
  }
});

test('a query: values, numbers, arrays, objects, and what is absent', async () => {
  const fixed = [['name', 'fixed & fast'], ['n', '1'], ['t', 'true']];
  for (const v of [...CORPUS, ...CONTROLS, '']) {
    const asked = await heard('query', { v, w: v });
    assert.equal(asked.url.split('?').length, 2);
    assert.deepEqual(queryOf(asked.url), [['v', v], ['w', `w=${v}`], ...fixed]);
  }
  const said = async (v) => queryOf((await heard('query', { v })).url).filter(([name]) => name === 'v').map(([, text]) => text);
  assert.deepEqual(await said(undefined), []);
  assert.deepEqual(await said(null), []);
  assert.deepEqual(await said(12.5), ['12.5']);
  assert.deepEqual(await said(false), ['false']);
  assert.deepEqual(await said(['a', 'b&c', 3, null, true]), ['a', 'b&c', '3', 'true']);
  assert.deepEqual(await said([]), []);
  assert.deepEqual(await said({ a: [1, 'ü'] }), ['{"a":[1,"ü"]}']);
  assert.deepEqual(queryOf((await heard('names', { q: 'x' })).url), [['q', 'x']]);
  assert.equal((await heard('names', {})).url, '/q');
});

test('a header: the whole value, or a sentence', async () => {
  for (const v of CORPUS.filter((one) => one !== '')) {
    const asked = await heard('header', { v, w: v });
    assert.deepEqual(headerOf(asked, 'x-v'), [v]);
    assert.deepEqual(headerOf(asked, 'x-made'), [`made of ${v}`]);
    assert.deepEqual(headerOf(asked, 'x-evil'), []);
  }
  for (const v of CONTROLS.filter((one) => !/^a\tb$/.test(one))) assert.match(await refused('header', { v }), /^v: may not hold a line break/);
  for (const w of CONTROLS) assert.match(await refused('header', { v: 'v', w }), /^w: may not hold a line break/);
  for (const v of [' a', 'a ', '\ta']) assert.match(await refused('header', { v }), /^v: may not begin or end with a blank/);
  assert.match(await refused('header', { v: 'x'.repeat(9000) }), /too long for a header/);
  const asked = await heard('header', { w: 'w' });
  assert.deepEqual(headerOf(asked, 'x-v'), []);
  assert.deepEqual(headerOf(asked, 'x-empty'), ['']);
  assert.deepEqual(headerOf(asked, 'x-n'), ['5']);
});

test('a JSON body: values keep their type', async () => {
  const values = [...CORPUS, ...CONTROLS, '', 0, -1.5e300, true, false, null, [], {}, [1, [2, 'x']], { a: { b: '\0' } }];
  for (const v of values) {
    const asked = await heard('json', { v });
    const text = typeof v === 'string' ? v : v === null ? '' : JSON.stringify(v).replace('-1.5e+300', '-1.5e300');
    const got = JSON.parse(asked.body);
    assert.deepEqual(got.v, v);
    if (typeof v !== 'number') assert.equal(got.t, `so ${text}`);
    assert.deepEqual({ ...got, v: 0, t: 0 }, { v: 0, t: 0, n: 1.5, yes: true, none: null, deep: { list: [v, 'x', 2] }, '{v}': {} });
    assert.deepEqual(headerOf(asked, 'content-type'), ['application/json']);
    assert.deepEqual(headerOf(asked, 'expect'), []);
  }
  assert.deepEqual(JSON.parse((await heard('json', {})).body).t, 'so ');
  const big = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"named","arguments":{"v":18446744073709551615,"w":1.10}}}`;
  assert.equal((await stack.say(0, big)).status, 200);
  assert.equal(back.asked.at(-1).body.toString(), '{"v":18446744073709551615,"w":1.10}');
  assert.equal((await heard('named', { w: '' })).body.toString(), '{"w":""}');
});

test('a form and a body as it stands', async () => {
  for (const v of [...CORPUS, ...CONTROLS, '']) {
    const asked = await heard('form', { v, w: [v, v] });
    assert.deepEqual(pairsOf(asked.body.toString()), [['v', v], ['a&b', v], ['a&b', v], ['fixed', 'x y']]);
    assert.deepEqual(headerOf(asked, 'content-type'), ['application/x-www-form-urlencoded']);
    const text = await heard('body', { v });
    assert.equal(text.body.toString(), `<${v}>`);
    assert.equal(text.method, 'PATCH');
    assert.deepEqual(headerOf(text, 'content-type'), ['text/x-own']);
  }
});

test('a megabyte of argument arrives, and no method has a body it should not have', async () => {
  const v = 'ä'.repeat(500000);
  assert.equal(JSON.parse((await heard('named', { v })).body).v, v);
  const asked = await heard('remove', { id: 'x' });
  assert.deepEqual([asked.method, asked.url, asked.body.length], ['DELETE', '/d/x', 0]);
  assert.deepEqual(headerOf(asked, 'content-type'), []);
  const head = await heard('head', {});
  assert.equal(head.method, 'HEAD');
});

// --- who asks ------------------------------------------------------------------------------------

test('secrets go to the back end, and nowhere else', async () => {
  const asked = await heard('secret', {});
  assert.deepEqual(headerOf(asked, 'authorization'), [`Bearer ${SECRET}`]);
  assert.deepEqual(headerOf(asked, 'x-key'), [FILED]);
  back.on('/s', (one, res) => {
    res.writeHead(403, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ message: `${one.headers.authorization} is not enough` }));
  });
  assert.equal(await failed('secret', {}), 'The back end refuses this with status 403');
  back.on('/s', (one, res) => one.connection.destroy());
  await failed('secret', {});
  const listed = JSON.stringify(await result(stack, 0, 'tools/list', {}));
  for (const secret of [SECRET, FILED]) {
    assert.ok(!listed.includes(secret));
    assert.ok(!stack.log().includes(secret));
  }
  assert.ok(!listed.includes(String(back.port)), 'a handler is not listed');
});

test('nothing of the caller is forwarded unless it is configured', async () => {
  const asked = await heard('query', {}, { user: 'alice', headers: { Authorization: 'Bearer hers', Cookie: 'a=b', 'X-Remote-User': 'mallory' } });
  for (const name of ['authorization', 'cookie', 'x-remote-user']) assert.deepEqual(headerOf(asked, name), []);
  assert.ok(!JSON.stringify(asked.raw).includes('alice'));
});

test('the verified user, where it is configured', async () => {
  const asked = await heard('whoami', {}, { user: 'alice', headers: { 'X-Remote-User': 'mallory' } });
  assert.deepEqual(headerOf(asked, 'x-remote-user'), ['alice']);
  assert.match(await refused('whoami', {}), /nobody is logged in/);
  assert.match(await refused('whoami', {}, { user: 'a'.repeat(300) }), /nobody|user/i);
  assert.match(await refused('whoami', {}, { user: 'al\rice' }), /user's name/i);
});

test("the caller's own token, where it is configured, on every kind of connection", async () => {
  const asked = await heard('as_me', {}, { headers: { Authorization: 'Bearer hers' } });
  assert.deepEqual(headerOf(asked, 'authorization'), ['Bearer hers']);
  assert.match(await refused('as_me', {}), /came without/);
  const client = await openClient(stack);
  const next = back.next();
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'as_me', arguments: {} } };
  await stack.say(0, message, { uri: client.stream.endpoint, headers: { Authorization: 'Basic later' } });
  assert.deepEqual(headerOf(await next, 'authorization'), ['Basic later']);
  await client.next(1);
});

// --- what comes back -----------------------------------------------------------------------------

const answers = {
  object: ['application/json; charset=utf-8', '{ "a": [1, 2],\r\n "s": "x \\" y {  }" }'],
  array: ['application/vnd.x+json', ' [1, 2]'],
  marked: ['application/json', '\ufeff{"a":1}'],
  broken: ['application/json', '{"a":'],
  twice: ['application/json', '{"a":1,"a":2}'],
  deep: ['application/json', '['.repeat(5000) + ']'.repeat(5000)],
  page: ['text/html', '<p>Hällo</p>'],
  latin: ['text/plain; charset=ISO-8859-1', Buffer.from('Gr\xfc\xdfe', 'latin1')],
  invalid: ['text/plain', Buffer.from('a\xffb\x00c', 'latin1')],
  untyped: [undefined, 'just text'],
  unknown: [undefined, Buffer.from([0, 1, 2, 255])],
  png: ['image/png', Buffer.from([0x89, 0x50, 0, 255])],
  ogg: ['audio/ogg', Buffer.from('OggS')],
  pdf: ['application/pdf', Buffer.from('%PDF')],
  nothing: ['text/plain', ''],
};
for (const [name, [type, body]] of Object.entries(answers)) {
  back.on(`/${name}`, (asked, res) => {
    if (type) res.setHeader('Content-Type', type);
    res.end(body);
  });
}

const text = (...all) => all.map((one) => ({ type: 'text', text: one }));

test('JSON is text and structured', async () => {
  const object = await call('get', { what: 'object' });
  assert.deepEqual(object.structuredContent, { a: [1, 2], s: 'x " y {  }' });
  assert.deepEqual(object.content, text(answers.object[1]));
  assert.deepEqual((await call('get', { what: 'array' })).structuredContent, { value: [1, 2] });
  assert.deepEqual((await call('get', { what: 'marked' })).structuredContent, { a: 1 });
  assert.match(await failed('get', { what: 'broken' }), /should be JSON/);
  assert.match(await failed('get_json', { what: 'page' }), /should be JSON/);
  for (const what of ['twice', 'deep']) {
    const odd = await call('get', { what });
    assert.deepEqual(odd.content, text(answers[what][1]));
    assert.equal(odd.structuredContent, undefined);
  }
  const asText = await call('get_text', { what: 'object' });
  assert.deepEqual([asText.content, asText.structuredContent], [text(answers.object[1]), undefined]);
});

test('text is text, whatever its bytes are', async () => {
  const said = async (what, name = 'get') => (await call(name, { what })).content;
  assert.deepEqual(await said('page'), text('<p>Hällo</p>'));
  assert.deepEqual(await said('latin'), text('Grüße'));
  assert.deepEqual(await said('invalid'), text('a\ufffdb\0c'));
  assert.deepEqual(await said('untyped'), text('just text'));
  assert.deepEqual(await said('nothing'), text('The back end answered with status 200 and no text'));
  assert.deepEqual(await said('png', 'get_text'), text('\ufffdP\0\ufffd'));
});

test('pictures, sounds and all else are content of their type', async () => {
  const data = (what) => Buffer.from(answers[what][1]).toString('base64');
  assert.deepEqual((await call('get', { what: 'png' })).content, [{ type: 'image', data: data('png'), mimeType: 'image/png' }]);
  assert.deepEqual((await call('get', { what: 'ogg' })).content, [{ type: 'audio', data: data('ogg'), mimeType: 'audio/ogg' }]);
  const embedded = (what, mimeType) => [{ type: 'resource', resource: { uri: 'tool://get', blob: data(what), mimeType } }];
  assert.deepEqual((await call('get', { what: 'pdf' })).content, embedded('pdf', 'application/pdf'));
  assert.deepEqual((await call('get', { what: 'unknown' })).content, embedded('unknown', 'application/octet-stream'));
});

test('resources: text or blob, by their type or that of the answer', async () => {
  back.on('/r/list', (asked, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('[1]'));
  back.on('/r/picture', (asked, res) => res.end(Buffer.from([1, 2])));
  back.on('/r/large', (asked, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('x'.repeat(5000)));
  back.on('/r/one/a%2Fb', (asked, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('one'));
  back.on('/r/one/none', (asked, res) => res.writeHead(404).end());
  const read = async (uri) => (await result(stack, 0, 'resources/read', { uri })).contents;
  assert.deepEqual(await read('back://list'), [{ uri: 'back://list', mimeType: 'application/json', text: '[1]' }]);
  assert.deepEqual(await read('back://picture'), [{ uri: 'back://picture', mimeType: 'image/png', blob: 'AQI=' }]);
  assert.deepEqual(await read('back://one/a%2Fb'), [{ uri: 'back://one/a%2Fb', mimeType: 'text/plain', text: 'one' }]);
  const error = async (uri) => (await stack.say(0, { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } })).json.error;
  assert.deepEqual(await error('back://one/none'), { code: -32602, message: 'There is no such resource', data: { uri: 'back://one/none' } });
  assert.match((await error('back://one/..')).message, /may not/);
  assert.match((await error('back://large')).message, /larger than/, 'a resource is whole, or it is none');
});

test('statuses: a sentence to act on', async () => {
  const bodies = {
    400: ['application/problem+json', '{"title":"Bad amount","detail":"It must be positive","status":400}'],
    401: ['text/html', '<h1>no</h1>'],
    409: ['application/json', '{"error":{"message":"taken"}}'],
    418: ['text/plain', 'short and stout\n'],
    422: ['application/json', '{"detail": [ {"loc":["id"]} ]}'],
    413: ['text/plain', 'x'.repeat(3000)],
    500: ['text/plain', 'Traceback: password=x'],
    201: ['text/plain', 'made'],
  };
  back.on('/status/', (asked, res) => {
    const status = Number(asked.url.slice(8));
    const [type, body] = bodies[status] ?? ['text/plain', ''];
    const more = status === 429 || status === 503 ? { 'Retry-After': '7' } : {};
    res.writeHead(status, { 'Content-Type': type, ...more }).end(body);
  });
  const said = (n, name = 'status') => failed(name, { n });
  assert.equal(await said(400), 'The back end refuses this with status 400: Bad amount: It must be positive');
  assert.equal(await said(401), 'The back end refuses this with status 401');
  assert.equal(await said(409), 'The back end refuses this with status 409: taken');
  assert.equal(await said(418), 'The back end refuses this with status 418: short and stout');
  assert.equal(await said(422), 'The back end refuses this with status 422: {"detail":[{"loc":["id"]}]}');
  assert.equal(await said(413), 'The back end refuses this with status 413');
  assert.equal(await said(429), 'The back end refuses this with status 429: try again in 7 seconds');
  assert.equal(await said(500), 'The back end failed with status 500: try again later');
  assert.equal(await said(503), 'The back end failed with status 503: try again in 7 seconds');
  assert.equal(await said(304), 'The back end points elsewhere with status 304, and this server does not go there');
  for (const n of [404, 410]) {
    const none = await call('status', { n });
    assert.deepEqual([none.isError, none.content], [undefined, text(`There is no ${n}`)]);
    assert.equal(await said(n, 'plain_status'), `The back end refuses this with status ${n}`);
  }
  assert.deepEqual((await call('only_201', { n: 201 })).content, text('made'));
  assert.deepEqual((await call('only_201', { n: 418 })).content, text('short and stout\n'));
  assert.match(await said(204, 'only_201'), /status 204, which is not what was expected/);
  assert.deepEqual((await call('status', { n: 204 })).content, text('The back end answered with status 204 and no text'));
});

test('caps: text is cut between characters and that is told, JSON is not cut', async () => {
  back.on('/long', (asked, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end(`x${'ü'.repeat(600)}`));
  back.on('/endless', (asked, res) => {
    res.writeHead(200, { 'Content-Type': 'text/plain' });
    const more = () => {
      while (!res.destroyed && res.write('y'.repeat(65536)));
    };
    res.on('drain', more);
    more();
  });
  back.on('/large', (asked, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end(`[${'1,'.repeat(999)}1]`));
  const cut = await call('small', { what: 'long' });
  assert.equal(cut.content[0].text, `x${'ü'.repeat(499)}`);
  assert.match(cut.content[1].text, /was cut/);
  const endless = back.next();
  assert.equal((await call('small', { what: 'endless' })).content[0].text, 'y'.repeat(1000));
  await (await endless).left;
  assert.match(await failed('small', { what: 'large' }), /larger than this server sends/);
});

test('caps: what unpacks to gigabytes is not unpacked', async () => {
  const bombs = { gzip: gzipSync(Buffer.alloc(1 << 28, 'z')), deflate: deflateSync(Buffer.alloc(1 << 28, 'z')) };
  for (const [encoding, bytes] of Object.entries(bombs)) {
    const twice = encoding === 'gzip' ? gzipSync(bytes) : bytes;
    back.on(`/${encoding}-bomb`, (asked, res) => {
      assert.match(headerOf(asked, 'accept-encoding')[0], new RegExp(encoding));
      const encodings = encoding === 'gzip' ? 'gzip, gzip' : encoding;
      res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': encodings }).end(twice);
    });
    const before = stack.workers[0].privateBytes;
    const cut = await call('get', { what: `${encoding}-bomb` });
    assert.equal(cut.content[0].text.length, 1 << 20);
    assert.match(cut.content[1].text, /was cut/);
    if (!stack.workers[0].isSanitized) assert.ok(stack.workers[0].privateBytes < before + (32 << 20));
  }
  back.on('/packed', (asked, res) => res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }).end(gzipSync('packed')));
  assert.deepEqual((await call('get', { what: 'packed' })).content, text('packed'));
});

test('a head without end is not read to it', async () => {
  back.on('/heads', (asked, res) => {
    asked.connection.write('HTTP/1.1 200 OK\r\n');
    for (let i = 0; i < 60; i++) asked.connection.write(`X-${i}: ${'h'.repeat(2000)}\r\n`);
    asked.connection.end('\r\n');
  });
  assert.match(await failed('get', { what: 'heads' }), /its head is too large/);
});

// --- again, and not again ------------------------------------------------------------------------

test('what may be done twice is tried again, so often and no more', async () => {
  const statuses = async (...list) => {
    back.asked = [];
    back.on('/again', (asked, res) => {
      const status = list.length > 1 ? list.shift() : list[0];
      if (status === 0) return asked.connection.destroy();
      res.writeHead(status, { 'Content-Type': 'text/plain' }).end(String(status));
    });
    const answer = await call('again');
    return [answer.content[0].text, back.asked.length];
  };
  assert.deepEqual(await statuses(503, 200), ['200', 2]);
  assert.deepEqual(await statuses(502, 504, 503, 200), ['200', 4]);
  assert.deepEqual(await statuses(503), ['The back end failed with status 503: try again later', 4]);
  assert.deepEqual(await statuses(500), ['The back end failed with status 500: try again later', 1]);
  assert.deepEqual(await statuses(429), ['The back end refuses this with status 429: try again later: 429', 1]);
});

test('a connection that ends before an answer: again, but never a POST', async () => {
  back.asked = [];
  let n = 0;
  back.on('/again', (asked, res) => (n++ % 2 === 0 ? asked.connection.destroy() : res.end('here')));
  assert.deepEqual((await call('again')).content, text('here'));
  back.asked = [];
  back.on('/again', (asked) => asked.connection.destroy());
  // once on a kept connection, once on a fresh one
  await call('query');
  back.asked = [];
  assert.match(await failed('post_again'), /may have been done all the same/);
  assert.equal(back.of('/again').length, 1);
  assert.match(await failed('post_again'), /may have been done all the same/);
  assert.equal(back.of('/again').length, 2);
  back.on('/again', (asked, res) => res.writeHead(503).end());
  await failed('post_again');
  assert.equal(back.of('/again').length, 3);
});

test('Retry-After is waited for where it fits', async () => {
  let n = 0;
  back.asked = [];
  back.on('/again', (asked, res) => {
    if (n++ === 0) res.writeHead(503, { 'Retry-After': '1' }).end();
    else res.end('now');
  });
  const began = performance.now();
  assert.deepEqual((await call('again')).content, text('now'));
  assert.ok(performance.now() - began >= 1000);
  back.asked = [];
  back.on('/again', (asked, res) => res.writeHead(503, { 'Retry-After': '3600' }).end());
  assert.match(await failed('again'), /try again in 3600 seconds/);
  assert.equal(back.asked.length, 1);
});

test('a half answer is a failure, and is not asked for again', async () => {
  back.asked = [];
  back.on('/again', (asked, res) => {
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '100' });
    res.write('half', () => asked.connection.destroy());
  });
  assert.match(await failed('again'), /was lost before its answer was whole/);
  assert.equal(back.asked.length, 1);
});

// --- time ----------------------------------------------------------------------------------------

test('connections are kept', async () => {
  await call('query');
  const before = back.connections;
  for (let i = 0; i < 20; i++) await call('query', { v: i });
  for (let i = 0; i < 20; i++) await call('form', { v: i });
  assert.ok(back.connections - before <= 2, `${back.connections - before} for 40 requests`);
});

test('a deadline is kept', async () => {
  back.on('/slow', () => {});
  const asked = back.next();
  const began = performance.now();
  assert.match(await failed('short'), /did not answer in time: try again later/);
  const took = performance.now() - began;
  assert.ok(took >= 200 && took < 2000, `${took} ms`);
  await (await asked).left;
});

test('who leaves takes the request back, and the back end sees it at once', async (t) => {
  back.on('/slow', () => {});
  const asked = back.next();
  const request = await begin(stack, 0, 'tools/call', { name: 'slow', arguments: {} });
  const { left } = await asked;
  const began = performance.now();
  request.connection.destroy?.() ?? (await request.connection.close());
  await left;
  t.diagnostic(`${(performance.now() - began).toFixed(1)} ms`);
  assert.ok(performance.now() - began < 2000);
});

test('so does a word on the stream', async (t) => {
  const client = await openClient(stack);
  const asked = back.next();
  const { id } = await client.begin(0, 'tools/call', { name: 'slow', arguments: {} });
  const { left } = await asked;
  const began = performance.now();
  await client.cancel(0, id);
  await left;
  t.diagnostic(`${(performance.now() - began).toFixed(1)} ms`);
  assert.ok(performance.now() - began < 500);
});

test('256 calls at once: none is lost', async () => {
  const client = async (n) => {
    const asked = await call('query', { v: `n${n}` });
    return asked.structuredContent.v;
  };
  back.on('/q', (asked, res) => {
    const v = queryOf(asked.url)[0][1];
    res.setHeader('Content-Type', 'application/json');
    setTimeout(() => res.end(JSON.stringify({ v })), Math.random() * 20);
  });
  const all = await Promise.all(Array.from({ length: 256 }, (_, n) => client(n)));
  assert.deepEqual(all, Array.from({ length: 256 }, (_, n) => `n${n}`));
});

// --- elsewhere -----------------------------------------------------------------------------------

test('redirects: followed within the house, at most five, by GET alone', async () => {
  back.on('/to/', (asked, res) => {
    const where = decodeURIComponent(asked.url.slice(4));
    res.writeHead(/^\d+$/.test(where) && Number(where) > 0 ? 302 : 307, {
      Location: where === 'there' ? '/object' : /^\d+$/.test(where) ? (where === '0' ? '/page' : `/to/${where - 1}`) : where,
    });
    res.end();
  });
  assert.deepEqual((await call('redirected', { where: 'there' })).structuredContent.a, [1, 2]);
  assert.deepEqual((await call('redirected', { where: '4' })).content, text('<p>Hällo</p>'));
  assert.match(await failed('redirected', { where: '5' }), /points elsewhere/);
  const port = back.port;
  for (const where of [other.url, `http://localhost:${port}/page`, `http://user:x@127.0.0.1:${port}/page`, `//127.0.0.1:${other.port}/`, 'file:///etc/passwd', 'gopher://127.0.0.1/']) {
    back.asked = [];
    assert.match(await failed('redirected', { where }), /points elsewhere with status 307/, where);
    assert.equal(back.asked.length, 1);
  }
  back.asked = [];
  assert.match(await failed('post_redirected', { where: 'there' }), /points elsewhere/);
  assert.equal(back.asked.length, 1);
  assert.equal(other.asked.length, 0);
});

test('no proxy of the environment has a say', async (t) => {
  process.env.http_proxy = process.env.ALL_PROXY = other.url;
  t.after(() => {
    delete process.env.http_proxy;
    delete process.env.ALL_PROXY;
  });
  const own = await startStack(t, { change: withBack });
  const answer = await result(own, 0, 'tools/call', { name: 'get', arguments: { what: 'page' } });
  assert.deepEqual(answer.content, text('<p>Hällo</p>'));
  assert.equal(other.asked.length, 0);
});

test('a back end that is down, and up again', async (t) => {
  const port = await freePort();
  const own = await startStack(t, { change: (config) => void config.tools.push(tool('get', { url: `http://127.0.0.1:${port}/x` })) });
  const ask = () => result(own, 0, 'tools/call', { name: 'get', arguments: {} });
  const down = await ask();
  assert.deepEqual([down.isError, down.content], [true, text('The back end cannot be reached: try again later')]);
  const late = new Back();
  await late.listen({ port, host: '127.0.0.1' });
  t.after(() => late.close());
  assert.deepEqual((await ask()).structuredContent, { ok: true });
  await late.close();
  assert.equal((await ask()).isError, true);
  await late.listen({ port, host: '127.0.0.1' });
  assert.deepEqual((await ask()).structuredContent, { ok: true });
});

test('a host that takes no connection is given up after connect_ms', async (t) => {
  const own = await startStack(t, {
    change: (config) => void config.tools.push(tool('far', { url: 'http://192.0.2.1:9/', connect_ms: 100, retries: 0 })),
  });
  const began = performance.now();
  const answer = await result(own, 0, 'tools/call', { name: 'far', arguments: {} });
  assert.match(answer.content[0].text, /cannot be reached/);
  assert.ok(performance.now() - began < 3000);
});

function certificates(name) {
  const file = (what) => path.join(dir, `${name}.${what}`);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', file('ca.key'), '-out', file('ca.pem'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-keyout', file('key'), '-out', file('csr'));
  fs.writeFileSync(file('ext'), 'subjectAltName=DNS:localhost\n');
  openssl('x509', '-req', '-in', file('csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', file('ext'), '-out', file('pem'));
  return { ca: file('ca.pem'), tls: { key: fs.readFileSync(file('key')), cert: fs.readFileSync(file('pem')) } };
}

test('https: with the authority that is named, and no other', { skip: findProgram('openssl') ? false : 'openssl is not installed' }, async (t) => {
  const right = certificates('right');
  const wrong = certificates('wrong');
  const secure = await Back.start(t, { tls: right.tls });
  const own = await startStack(t, {
    change: (config) =>
      void config.tools.push(
        tool('right', { url: `${secure.url}/x`, ca: right.ca }),
        tool('wrong', { url: `${secure.url}/x`, ca: wrong.ca }),
        tool('system', { url: `${secure.url}/x` }),
        tool('other_name', { url: `https://127.0.0.1:${secure.port}/x`, ca: right.ca }),
      ),
  });
  const ask = (name) => result(own, 0, 'tools/call', { name, arguments: {} });
  assert.deepEqual((await ask('right')).structuredContent, { ok: true });
  for (const name of ['wrong', 'system', 'other_name']) {
    const answer = await ask(name);
    assert.equal(answer.isError, true, name);
    assert.match(answer.content[0].text, /cannot be trusted/);
  }
  assert.deepEqual((await ask('right')).structuredContent, { ok: true });
  assert.equal(secure.asked.length, 2);
});

test('nginx as the back end: a unix socket, packed answers, traversal', { skip: lacks('nginx') }, async (t) => {
  const home = makeDirectory(t);
  const socket = path.join(home, 'app.sock');
  fs.mkdirSync(path.join(home, 'www/files'), { recursive: true });
  fs.writeFileSync(path.join(home, 'www/files/a b.txt'), 'spaced\n'.repeat(500));
  fs.writeFileSync(path.join(home, 'www/hidden.txt'), 'hidden');
  fs.writeFileSync(
    path.join(home, 'nginx.conf'),
    `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log; events {}
     http { access_log off; default_type text/plain; gzip on; gzip_types text/plain; gzip_min_length 1; root ${home}/www;
       client_body_temp_path ${home}/t; proxy_temp_path ${home}/t; fastcgi_temp_path ${home}/t; uwsgi_temp_path ${home}/t; scgi_temp_path ${home}/t;
       server { listen unix:${socket}; location / { } location = /moved { return 301 /files/a%20b.txt; } } }`,
  );
  const nginx = spawn(findProgram('nginx'), ['-c', path.join(home, 'nginx.conf'), '-e', path.join(home, 'error.log')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => nginx.on('exit', resolve));
  t.after(async () => {
    nginx.kill('SIGTERM');
    await ended;
  });
  await until('nginx listens', () => fs.existsSync(socket));
  const own = await startStack(t, {
    change: (config) =>
      void config.tools.push(
        tool('file', { url: 'http://app/files/{name}', socket, empty: 'There is no {name}' }, 'name'),
        tool('moved', { url: 'http://app/moved', socket }),
      ),
  });
  const ask = (name, args) => result(own, 0, 'tools/call', { name, arguments: args });
  assert.deepEqual((await ask('file', { name: 'a b.txt' })).content, text('spaced\n'.repeat(500)));
  assert.deepEqual((await ask('moved', {})).content, text('spaced\n'.repeat(500)));
  assert.deepEqual((await ask('file', { name: '%2e%2e/hidden.txt' })).content, text('There is no %2e%2e/hidden.txt'));
  for (const name of ['../hidden.txt', 'x/../../hidden.txt']) assert.match((await ask('file', { name })).content[0].text, /may not/);
});

// --- configuration and example -------------------------------------------------------------------

test('a secret that is not there is told at the start, by name', async (t) => {
  const broken = (headers) => startStack(t, { change: (config) => void config.tools.push(tool('s', { url: `${url}/`, headers })) });
  await assert.rejects(broken({ 'X-A': { env: 'MCP_TEST_ABSENT' } }), /tool "s": the secret of its header "X-A", variable MCP_TEST_ABSENT, is not set/);
  await assert.rejects(broken({ 'X-A': { file: 'nowhere' } }), /file .*\/nowhere, cannot be read/);
  fs.writeFileSync(path.join(dir, 'two'), `${SECRET}\r\nX-Evil: 1\n`);
  await assert.rejects(broken({ 'X-A': { file: path.join(dir, 'two') } }), (error) => {
    assert.match(error.message, /holds a line break/);
    assert.ok(!error.message.includes(SECRET));
    return true;
  });
});

test('the example: an application behind tools and resources', async (t) => {
  const app = await Back.start(t);
  const clients = { 1: { id: 1, name: 'Ada' } };
  app.on('/api/clients/', ({ method, url: at, body, headers }, res) => {
    const [, , , id, what] = at.split(/[/?]/);
    const say = (status, value) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (headers.authorization !== `Bearer ${SECRET}`) return say(401, { message: 'who are you?' });
    if (!clients[id]) return say(404, { message: 'none' });
    if (method === 'POST') return say(201, { ticket: 7, ...JSON.parse(body) });
    say(200, what === 'tickets' ? [{ ticket: 7, query: queryOf(at) }] : clients[id]);
  });
  process.env.APP_TOKEN = SECRET;
  t.after(() => delete process.env.APP_TOKEN);
  const example = fs.readFileSync(path.join(top, 'examples/http.json'), 'utf8').replaceAll('http://127.0.0.1:3000', app.url);
  const file = path.join(dir, 'http.json');
  fs.writeFileSync(file, example);
  const config = readConfig(file);
  const own = await startStack(t, { change: () => config });
  const ask = (name, args) => result(own, 0, 'tools/call', { name, arguments: args });
  assert.deepEqual((await ask('get_client', { id: 1 })).structuredContent, clients[1]);
  assert.deepEqual((await ask('get_client', { id: 9 })).content, text('There is no client 9'));
  const list = await ask('list_tickets', { id: 1, state: ['open', 'new'], page: 2 });
  assert.deepEqual(list.structuredContent.value[0].query, [['state', 'open'], ['state', 'new'], ['page', '2'], ['sort', 'newest']]);
  const made = await ask('open_ticket', { id: 1, subject: 'S', body: 'B' });
  assert.deepEqual(made.structuredContent, { ticket: 7, subject: 'S', body: 'B', source: 'mcp' });
  const read = await result(own, 0, 'resources/read', { uri: 'app://clients/1' });
  assert.deepEqual(JSON.parse(read.contents[0].text), clients[1]);
});

// Programs of the system behind tools and resources: what they are given, what
// comes back, and that nothing of them is left.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeDirectory, readConfig, top } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';
import { begin, file, lines, modern, openSession, result, touch, written } from './fixture/fixture.mjs';

const program = path.join(top, 'tests/conversation/exec/program');
const example = readConfig(path.join(top, 'examples/programs.json'));
const any = {};
const MIB = 1 << 20;
const BRIEF_MS = 1500; // a tree stands by then, on a busy machine too

const own = makeDirectory({ after });
for (const name of ['vanished', 'no_program']) fs.writeFileSync(path.join(own, name), 'neither a binary nor #!', { mode: 0o755 });

// A tool of the program; words of its argv may be places.
function tool(name, words, more = {}, properties = {}) {
  const named = [...JSON.stringify([words, more]).matchAll(/\{(\w+)\}/g)].map(([, one]) => [one, any]);
  return {
    name,
    description: name,
    inputSchema: { type: 'object', properties: { ...Object.fromEntries(named), ...properties } },
    exec: { argv: [program, ...words], ...more },
  };
}

const given = { output: 'json', max_bytes: 8 * MIB, stdin: '{input}', env: { WHO: '{who}', BOTH: '<{who}>', LANG: 'C.UTF-8' } };
const tools = [
  tool('show', ['show', 'a', '{word}', 'x={word}y', '{list}', 'z'], given),
  tool('guarded', ['show', '--', '{word}', '{list}'], { output: 'json' }),
  tool('dashing', ['show', '{word}', '{list}'], { output: 'json', dashes: true }),
  tool('bare', ['show'], { output: 'json', directory: own }),
  tool('told', ['show'], { output: 'json', progress: true, env: { PATH: '/nowhere' } }),
  tool('print', ['print', '{hex}']),
  tool('print_json', ['print', '{hex}'], { output: 'json', max_bytes: 64 * MIB }),
  tool('print_png', ['print', '{hex}'], { output: 'image/png', max_bytes: 64 }),
  tool('print_wav', ['print', '{hex}'], { output: 'audio/wav' }),
  tool('print_pdf', ['print', '{hex}'], { output: 'application/pdf' }),
  tool('flood', ['flood', '{hex}', '{n}'], { max_bytes: 64 }),
  tool('flood_json', ['flood', '{hex}', '{n}'], { max_bytes: 64, output: 'json' }),
  tool('endless', ['endless'], { max_bytes: 100 }),
  tool('echo', ['echo'], { stdin: '{text}', max_bytes: 8 * MIB }),
  tool('deaf', ['deaf'], { stdin: '{text}' }),
  tool('fail', ['fail', '{code}', '{text}']),
  tool('kill', ['kill', '{signal}']),
  tool('complain', ['complain', '{n}']),
  tool('tree', ['tree', '{file}', '{manners}'], { timeout_ms: 60000 }),
  tool('brief', ['tree', '{file}', '{manners}'], { timeout_ms: BRIEF_MS }),
  tool('progress', ['progress', '{until}'], { progress: true }),
  tool('eat', ['eat'], { limits: { memory: 48 * MIB } }),
  tool('spin', ['spin'], { limits: { cpu_s: 1 } }),
  tool('open', ['open'], { limits: { files: 20 } }),
  tool('write', ['write', '{file}'], { limits: { file_size: MIB } }),
  tool('many', ['show', ...Array(200).fill('{word}')]),
  tool('nap', ['nap', '{file}'], { timeout_ms: 60000 }),
  { name: 'vanished', description: 'Is taken away', exec: { argv: [path.join(own, 'vanished')] } },
  { name: 'no_program', description: 'Is no program', exec: { argv: [path.join(own, 'no_program')] } },
];
const exec = (words, more) => ({ argv: [program, ...words], ...more });
const resources = [
  { uri: 'p://text', name: 'p', exec: exec(['print', '68692e']) },
  { uri: 'p://image', name: 'p', mimeType: 'image/png', exec: exec(['print', '00ff'], {}) },
  { uri: 'p://output', name: 'p', exec: exec(['print', '00ff'], { output: 'image/png' }) },
  { uri: 'p://large', name: 'p', exec: exec(['flood', '61', '100'], { max_bytes: 64 }) },
  { uri: 'p://fail', name: 'p', exec: exec(['fail', '3', 'out of order\n']) },
];
const resourceTemplates = [
  { uriTemplate: 'show://{word}/{+rest}', name: 's', exec: exec(['show', '{word}', '{rest}'], { output: 'json' }) },
];

const umask = process.umask(0o077); // the worker's is not the program's
const stack = await startStack({ after }, {
  threads: 12,
  change: (config) => {
    config.tools.push(...tools, ...example.tools);
    config.resources.push(...resources, ...example.resources);
    config.resourceTemplates.push(...resourceTemplates);
  },
});
process.umask(umask);
fs.rmSync(path.join(own, 'vanished')); // it stood there when it was checked
const worker = stack.workers[0];

const hex = (value) => Buffer.from(value).toString('hex');
const call = (name, args = {}, options) => result(stack, 0, 'tools/call', { name, arguments: args }, options);
const textOf = (made) => made.content[0].text;

async function shown(name, args) {
  const made = await call(name, args);
  assert.ok(!made.isError, textOf(made));
  assert.equal(made.content[0].type, 'text');
  assert.deepEqual(JSON.parse(textOf(made)), made.structuredContent);
  return made.structuredContent;
}

async function refused(name, args, pattern) {
  const made = await call(name, args);
  assert.equal(made.isError, true, JSON.stringify(made));
  assert.equal(made.structuredContent, undefined);
  assert.equal(made.content.length, 1);
  assert.match(textOf(made), pattern);
  return textOf(made);
}

const exists = (pid) => fs.existsSync(`/proc/${pid}`);

// Of those the system's own init has to bury, which takes its time.
function runs(pid) {
  try {
    return !/\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

// The processes whose parent is this one.
function childrenOf(pid) {
  return fs.readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && Number(fs.readFileSync(`/proc/${name}/stat`, 'utf8').replace(/.*\) . /s, '').split(' ')[0]) === pid;
    } catch {
      return false;
    }
  });
}

// -> the pids a tree has noted, once it is whole
const whole = async (name) => {
  await until('the tree stands', () => lines(name).filter((line) => / /.test(line)).length >= 5);
  const all = Object.fromEntries(lines(name).map((line) => line.split(' ')));
  assert.deepEqual(Object.keys(all).sort(), ['child', 'fled', 'grandchild', 'orphan', 'program']);
  return Object.values(all).map(Number);
};

// Nothing outlives this file, be it broken as it may.
after(() => {
  for (const name of fs.readdirSync('/proc')) {
    try {
      if (/^\d+$/.test(name) && fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`${program}\0`)) process.kill(Number(name), 'SIGKILL');
    } catch {
      // gone, or not ours
    }
  }
});

// --- what it is given ------------------------------------------------------------------------

test('arguments are put into elements of argv, input and environment', async () => {
  const made = await shown('show', { word: 'w', list: ['1', 2, null, { a: [true] }], input: 'in', who: 'me' });
  assert.deepEqual(made.args, ['a', 'w', 'x=wy', '1', '2', 'null', '{"a":[true]}', 'z'].map(hex));
  assert.equal(made.input, hex('in'));
  const PATH = hex('/usr/local/bin:/usr/bin:/bin');
  assert.deepEqual(made.env, { BOTH: hex('<me>'), LANG: hex('C.UTF-8'), PATH, WHO: hex('me') });
});

test('what is absent is left out, where it is all of the element', async () => {
  for (const args of [{}, { word: null, list: null, who: null }, { list: [] }]) {
    const made = await shown('show', args);
    assert.deepEqual(made.args, ['a', 'x=y', 'z'].map(hex));
    assert.equal(made.input, '');
    assert.deepEqual(Object.keys(made.env), ['BOTH', 'LANG', 'PATH']);
    assert.equal(made.env.BOTH, hex('<>'));
  }
  const made = await shown('show', { word: '', list: [''], who: '' });
  assert.deepEqual(made.args, ['a', '', 'x=y', '', 'z'].map(hex), 'what is empty is there');
  assert.equal(made.env.WHO, '');
});

test('other values are arguments as JSON has them', async () => {
  for (const word of [0, 1.5, true, false, { k: 'v w' }])
    assert.equal((await shown('show', { word })).args[1], hex(JSON.stringify(word)));
});

test('nothing is inherited', async () => {
  const made = await shown('bare');
  assert.deepEqual(made.env, { PATH: hex('/usr/local/bin:/usr/bin:/bin') });
  assert.deepEqual(made.descriptors, [0, 1, 2]);
  assert.equal(made.input, '');
  assert.equal(made.directory, fs.realpathSync(own));
  assert.equal(made.umask, 0o022);
  assert.match(made.blocked, /^0+$/);
  assert.match(made.ignored, /^0+80$/, 'but SIGFPE, by Perl itself');
  assert.equal(made.nnp, '1');
  assert.equal(made.group, made.pid);
  assert.equal((await shown('show')).directory, '/');

  const told = await shown('told');
  assert.deepEqual(told.env, { MCP_PROGRESS_FD: hex('3'), PATH: hex('/nowhere') });
  assert.deepEqual(told.descriptors, [0, 1, 2, 3]);
});

const corpus = [
  '; touch /tmp/pwned', '$(id)', '`id`', '| cat /etc/passwd', '&& false', '> /dev/null', '< /etc/passwd', '$HOME ${PATH}', '*', '~root', '!!', '#',
  'a b\tc', "'", '"', '\\', '\\n', 'line\nline\r\n', '\u0001\u001b[31m\u007f', '../../../../etc/passwd', '..\\..\\', '/etc/passwd', '%s%n%x', '%00',
  '{word}', '{{', '}', '{"a":"{who}"}', '=', 'A=B', '@/etc/passwd', 'é', '日本語', '😀', '\ufeff', '\u202e', '\ufffd', ' ', '',
  'x'.repeat(100000), '[['.repeat(10000), '"'.repeat(10000), '{"a":'.repeat(50),
];

test('they arrive as data, byte for byte', async () => {
  for (const word of corpus) {
    const made = await shown('show', { word, who: word, input: word, list: [word, word] });
    const all = [made.args[1], made.args[2], made.args[3], made.args[4], made.env.WHO, made.env.BOTH, made.input];
    const expected = [word, `x=${word}y`, word, word, word, `<${word}>`, word].map(hex);
    assert.deepEqual(all, expected, JSON.stringify(word.slice(0, 80)));
  }
  assert.ok(!fs.existsSync('/tmp/pwned'));
});

test('a value that begins with "-" is no option, unless the operator says so', async () => {
  for (const word of ['-', '-rf', '--help', -5]) {
    assert.match(await refused('show', { word }, /begins with "-"/), /^"word"/);
    assert.match(await refused('show', { list: ['x', word] }, /begins with "-"/), /^"list"/);
    for (const name of ['guarded', 'dashing']) {
      const made = await shown(name, { word, list: [word] });
      assert.deepEqual(made.args.slice(-2), [hex(String(word)), hex(String(word))]);
    }
  }
  assert.equal((await shown('show', { who: '-x', input: '-y' })).env.WHO, hex('-x'));
});

test('NUL is refused, but for the input, which may hold it', async () => {
  assert.match(await refused('show', { word: 'a\0b' }, /holds a NUL character/), /^"word"/);
  assert.match(await refused('show', { list: ['a', 'b\0'] }, /holds a NUL/), /^"list"/);
  assert.match(await refused('show', { who: '\0' }, /holds a NUL/), /^"who"/);
  assert.equal((await shown('show', { input: 'a\0b\0' })).input, hex('a\0b\0'));
});

test('what is longer than a program can be given is refused', async () => {
  await refused('show', { word: 'x'.repeat(200000) }, /longer than a program can be given/);
  await refused('show', { who: 'x'.repeat(200000) }, /longer than a program can be given/);
  await refused('show', { list: Array(3000).fill('x'.repeat(1000)) }, /longer than a program can be given/);
  await refused('show', { list: Array(90000).fill('x'.repeat(20)) }, /longer than a program can be given/);
});

test('nor is much made of a long value that is wanted many times', async () => {
  const peak = () => Number(/^VmHWM:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${worker.pid}/status`, 'utf8'))[1]) * 1024;
  const before = peak();
  await refused('many', { word: 'x'.repeat(3 * MIB) }, /longer than a program can be given/);
  assert.ok(peak() - before < 200 * MIB, `${(peak() - before) / MIB} MiB`);
});

test('what is no UTF-8, or no JSON everybody reads alike, does not get as far', async () => {
  const around = (bytes) =>
    Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"show","arguments":{"word":'), bytes, Buffer.from('}}}')]);
  for (const bytes of [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], Buffer.from('"\\ud800"'), Buffer.from('['.repeat(100) + ']'.repeat(100))]) {
    const answer = await stack.say(0, around(Buffer.from(bytes)));
    assert.equal(answer.json.error.code, -32700, answer.text);
  }
});

test('places of a resource template are arguments too', async () => {
  const { contents } = await result(stack, 0, 'resources/read', { uri: 'show://a%20b/../;id' });
  assert.deepEqual(JSON.parse(contents[0].text).args, ['a b', '../;id'].map(hex));
  const answer = await modern(stack, 0, 'resources/read', { uri: 'show://-a/b' });
  assert.match(answer.json.error.message, /"word" begins with "-"/);
});

// --- what comes back --------------------------------------------------------------------------

test('text', async () => {
  const made = await call('print', { hex: hex('naïve\n\0\tend\n') });
  assert.deepEqual(made.content, [{ type: 'text', text: 'naïve\n\0\tend\n' }]);
  assert.ok(!made.isError);
  assert.deepEqual((await call('print', { hex: '' })).content, [{ type: 'text', text: '' }]);
});

test('text that is no UTF-8 leaves us as UTF-8', async () => {
  assert.equal(textOf(await call('print', { hex: '61ff62c3' })), 'a\ufffdb\ufffd');
});

test('text beyond the cap is cut at a character, and the cut is told', async () => {
  for (const [one, n, whole] of [['a', 64, 64], ['a', 65, 64], ['ab', 33, 64], ['é', 33, 64], ['€', 30, 63], ['😀', 17, 64], ['x€', 30, 64]]) {
    const made = await call('flood', { hex: hex(one), n });
    const text = textOf(made);
    assert.equal(Buffer.byteLength(text), whole, `${one} ${n}`);
    assert.ok(one.repeat(n).startsWith(text), text);
    const cut = Buffer.byteLength(one) * n > 64;
    assert.equal(made.content.length, cut ? 2 : 1);
    if (cut) assert.match(made.content[1].text, /was cut/);
    assert.ok(!made.isError);
  }
});

test('a program that never stops talking is stopped', async () => {
  const made = await call('endless');
  assert.equal(textOf(made), 'x'.repeat(100));
  assert.match(made.content[1].text, /was cut/);
});

test('JSON becomes structuredContent', async () => {
  for (const [text, expected] of [
    ['{"a": [1, 2.50, "\\u00e9"],\n  "b": {}}\n', { a: [1, 2.5, 'é'], b: {} }],
    ['\r\n\t[1,2]', { value: [1, 2] }],
    ['"x y"', { value: 'x y' }],
    ['12', { value: 12 }],
    ['null', { value: null }],
  ]) {
    const made = await call('print_json', { hex: hex(text) });
    assert.deepEqual(made.structuredContent, expected);
    assert.deepEqual(JSON.parse(textOf(made)), JSON.parse(text));
    assert.doesNotMatch(textOf(made), /[\r\n]/);
  }
});

test('what should be JSON and is not, is a failure', async () => {
  const bombs = ['['.repeat(100000), '['.repeat(65) + ']'.repeat(65), `[${'0,'.repeat(200000)}0]`];
  for (const text of ['', ' ', 'oops', '{"a":1', '{"a":1}{', '{"a":1,"a":2}', '1e999', '99999999999999999999', '{"\\u0000":1}', '"\\ud800"', ...bombs])
    if (hex(text).length < 100000) await refused('print_json', { hex: hex(text) }, /did not answer with the JSON/);
  await refused('print_json', { hex: '22ff22' }, /did not answer with the JSON/);
  await refused('flood_json', { hex: hex('1'), n: 65 }, /larger than this server sends/);
  assert.match(worker.stderr, /exec print_json: its output is no JSON: line 1, column \d+/);
});

test('an image, audio, and other bytes', async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  const data = bytes.toString('base64');
  const args = { hex: hex(bytes) };
  assert.deepEqual((await call('print_png', args)).content, [{ type: 'image', mimeType: 'image/png', data }]);
  assert.deepEqual((await call('print_wav', args)).content, [{ type: 'audio', mimeType: 'audio/wav', data }]);
  const embedded = (name, mimeType) => [{ type: 'resource', resource: { uri: `exec:${name}`, mimeType, blob: data } }];
  assert.deepEqual((await call('print_pdf', args)).content, embedded('print_pdf', 'application/pdf'));
  await refused('print_png', { hex: '00'.repeat(65) }, /larger than this server sends/);
  const old = await openSession(stack, { protocolVersion: '2024-11-05' });
  const answer = await old.call(0, 'tools/call', { name: 'print_wav', arguments: args });
  assert.deepEqual(answer.result.content, embedded('print_wav', 'audio/wav'), 'before there was audio');
});

test('resources are text or a blob, by their type', async () => {
  const read = async (uri) => (await result(stack, 0, 'resources/read', { uri })).contents;
  assert.deepEqual(await read('p://text'), [{ uri: 'p://text', text: 'hi.' }]);
  assert.deepEqual(await read('p://image'), [{ uri: 'p://image', mimeType: 'image/png', blob: 'AP8=' }]);
  assert.deepEqual(await read('p://output'), [{ uri: 'p://output', mimeType: 'image/png', blob: 'AP8=' }]);
  for (const [uri, pattern] of [['p://large', /larger than this server sends/], ['p://fail', /exit code 3. It said:\nout of order/]]) {
    const answer = await modern(stack, 0, 'resources/read', { uri });
    assert.equal(answer.json.error.code, -32603);
    assert.match(answer.json.error.message, pattern);
  }
});

// --- how it ends --------------------------------------------------------------------------------

test('an exit code is a failure, with what the program said last', async () => {
  assert.equal(await refused('fail', { code: 3, text: 'no such thing\n' }, /./), 'The program failed with exit code 3. It said:\nno such thing');
  assert.equal(await refused('fail', { code: 255 }, /./), 'The program failed with exit code 255');
  assert.match(worker.stderr, /mcp-fcgi\[\d+\]: info: exec fail: no such thing\n/);
});

test('of much that it says the last whole lines are told', async () => {
  const many = Array.from({ length: 500 }, (_, i) => `line ${i} é`).join('\n');
  const text = (await refused('fail', { code: 1, text: many }, /line 499 é$/)).split('It said:\n')[1];
  assert.ok(Buffer.byteLength(text) <= 2048 && Buffer.byteLength(text) > 2000, text);
  assert.match(text.split('\n')[0], /^line \d+ é$/);
  const long = (await refused('fail', { code: 1, text: 'é'.repeat(5000) + 'x' }, /x$/)).split('It said:\n')[1];
  assert.ok(Buffer.byteLength(long) <= 2048 && Buffer.byteLength(long) > 2000);
  assert.doesNotMatch(long, /\ufffd/);
});

test('a signal is a failure', async () => {
  await refused('kill', { signal: 9 }, /ended by signal 9 \(SIGKILL\)$/);
  await refused('kill', { signal: 11 }, /ended by signal 11 \(SIGSEGV\)$/);
  await refused('kill', { signal: 15 }, /ended by signal 15 \(SIGTERM\)$/);
});

test('what a program that succeeds complains of is logged, within bounds', async () => {
  assert.equal(textOf(await call('complain', { n: 5000 })), 'fine');
  await until('it is logged', () => /exec complain: more is not logged/.test(worker.stderr));
  assert.equal(worker.stderr.match(/exec complain: complaint \d+\n/g).length, 64);
});

test('a program that cannot be run is told of in the log alone', async () => {
  for (const name of ['vanished', 'no_program']) await refused(name, {}, /^The program could not be run; the server's log says why$/);
  assert.match(worker.stderr, /exec vanished: .*vanished: it cannot be run: No such file/);
  assert.match(worker.stderr, /exec no_program: .*no_program: it cannot be run: Exec format error/);
});

test('input and output do not wait for each other', async () => {
  const text = 'abcdefgh'.repeat(MIB / 4);
  assert.equal(textOf(await call('echo', { text })), text);
});

test('a program need not read what it is given', async () => {
  const made = await call('deaf', { text: 'x'.repeat(3.9 * MIB) });
  assert.equal(textOf(made), 'y'.repeat(4096 * 64));
});

// --- limits ---------------------------------------------------------------------------------------

test('memory, descriptors and sizes of files are limited', async () => {
  await refused('eat', {}, /failed with exit code \d+. It said:\nOut of memory/);
  assert.equal(textOf(await call('open')), '17', '20, less the three it had');
  const name = file(stack);
  await refused('write', { file: name }, /ended by signal 25 \(SIGXFSZ\)/);
  assert.equal(fs.statSync(name).size, MIB);
});

test('processor time is limited', async () => {
  await refused('spin', {}, /more processor time than it may/);
});

// --- nothing is left ---------------------------------------------------------------------------------

for (const manners of ['plain', 'rude', 'polite']) {
  test(`at its deadline a ${manners} program ends, with all that it started`, async () => {
    const name = file(stack);
    const began = performance.now();
    const answer = call('brief', { file: name, manners });
    const pids = await whole(name).catch(() => []);
    const text = textOf(await answer);
    const took = performance.now() - began;
    assert.match(text, /took too long and was stopped/);
    assert.deepEqual(pids.filter(exists), []);
    assert.ok(pids.length === 5 || manners === 'polite', lines(name).join());
    assert.ok(took >= BRIEF_MS, `${took} ms`);
    if (manners === 'rude') assert.ok(took >= BRIEF_MS + 500, `it had its grace: ${took} ms`);
    assert.deepEqual(childrenOf(worker.pid), []);
  });
}

test('a program that leaves others behind leaves none', async () => {
  const name = file(stack);
  const made = await call('tree', { file: name, manners: 'leaving' });
  assert.ok(!made.isError);
  const pids = lines(name).map((line) => Number(line.split(' ')[1]));
  assert.ok(pids.length >= 1);
  assert.deepEqual(pids.filter(exists), []);
});

test('cancelled, all of it ends', async (t) => {
  const name = file(stack);
  const session = await openSession(stack);
  const request = await session.begin(0, 'tools/call', { name: 'tree', arguments: { file: name, manners: 'rude' } });
  const pids = await whole(name);
  const began = performance.now();
  await session.cancel(0, request.id);
  assert.equal((await request.answer).status, 202);
  t.diagnostic(`${(performance.now() - began).toFixed(0)} ms`);
  assert.ok(performance.now() - began < 5000);
  assert.deepEqual(pids.filter(exists), []);
});

test('who is asked to end may do so in its own way', async () => {
  const name = file(stack);
  const session = await openSession(stack);
  const request = await session.begin(0, 'tools/call', { name: 'tree', arguments: { file: name, manners: 'polite' } });
  await whole(name);
  await session.cancel(0, request.id);
  await request.answer;
  assert.ok(lines(name).some((line) => line.startsWith('asked ')));
});

test('a client that hangs up has cancelled', async () => {
  const name = file(stack);
  const request = await begin(stack, 0, 'tools/call', { name: 'tree', arguments: { file: name, manners: 'plain' } });
  const pids = await whole(name);
  await request.connection.close();
  await until('all of it is gone', () => !pids.some(exists));
});

test('where mcp-exec itself is killed, its program does not go on', async () => {
  const name = file(stack);
  const answer = call('nap', { file: name });
  const pid = Number((await written(name)).split(' ')[1]);
  const [helper] = childrenOf(worker.pid);
  process.kill(Number(helper), 'SIGKILL');
  assert.match(textOf(await answer), /could not be run/);
  await until('it is gone', () => !runs(pid));
});

test('an mcp-exec that does not answer costs a call, and no slot for ever', async () => {
  const name = file(stack);
  const session = await openSession(stack);
  const request = await session.begin(0, 'tools/call', { name: 'nap', arguments: { file: name } });
  const pid = Number((await written(name)).split(' ')[1]);
  const [helper] = childrenOf(worker.pid);
  process.kill(Number(helper), 'SIGSTOP');
  await session.cancel(0, request.id);
  await request.answer;
  assert.ok(!exists(Number(helper)));
  await until('it is gone', () => !runs(pid));
});

test('a hundred calls at once leave no process and no descriptor', async () => {
  await call('complain', { n: 1 });
  const settled = async () => {
    let before;
    await until('descriptors settle', async () => {
      const now = worker.descriptors;
      const same = now === before;
      before = now;
      return same;
    });
    return before;
  };
  const before = await settled();
  const all = [
    ...Array.from({ length: 60 }, (_, i) => call('print', { hex: hex(String(i)) })),
    ...Array.from({ length: 10 }, () => call('fail', { code: 1, text: 'x' })),
    ...Array.from({ length: 10 }, () => call('show', { word: '-x' })),
    ...Array.from({ length: 10 }, () => call('vanished')),
    ...Array.from({ length: 10 }, () => call('echo', { text: 'x'.repeat(100000) })),
  ];
  const made = await Promise.all(all);
  for (let i = 0; i < 60; i++) assert.equal(textOf(made[i]), String(i));
  assert.equal(made.filter((one) => one.isError).length, 30);
  await until('its descriptors are as before', () => worker.descriptors <= before);
  assert.deepEqual(childrenOf(worker.pid), []);
});

test('a worker that is killed takes its programs with it', async (t) => {
  const short = await startStack(t, { change: (config) => void config.tools.push(tools.find((one) => one.name === 'tree')) });
  const name = file(short);
  const request = await begin(short, 0, 'tools/call', { name: 'tree', arguments: { file: name, manners: 'rude' } });
  request.answer.catch(() => {});
  const pids = await whole(name);
  await short.workers[0].kill('SIGKILL');
  await until('all of it is gone', () => !pids.some(runs));
});

// --- progress ----------------------------------------------------------------------------------------

test('lines on the descriptor of progress become notifications', async () => {
  const until_ = file(stack);
  const request = await begin(stack, 0, 'tools/call', { name: 'progress', arguments: { until: until_ } }, { meta: { progressToken: 'p' } });
  const first = await request.next((one) => /progress/.test(one.data));
  assert.deepEqual(first.json.params, { progressToken: 'p', progress: 1, total: 4, message: 'quarter \ufffd' });
  touch(`${until_}.1`);
  const last = await request.next((one) => /almost/.test(one.data));
  assert.deepEqual(last.json.params, { progressToken: 'p', progress: 3, total: 4, message: 'almost "there"' });
  touch(`${until_}.2`);
  await request.answer;
  await request.connection.close();
  const all = request.events.all.filter((one) => one.data).map((one) => JSON.parse(one.data));
  assert.equal(all.at(-1).result.content[0].text, 'done');
  assert.ok(all.length <= 4, 'what went no further was not told');
});

test('nobody who has not asked is told', async () => {
  const until_ = file(stack);
  touch(`${until_}.1`);
  touch(`${until_}.2`);
  assert.equal(textOf(await call('progress', { until: until_ })), 'done');
});

// --- the example -----------------------------------------------------------------------------------------

test('the example runs', async () => {
  assert.equal(textOf(await call('count_words', { text: 'one two  three\n' })).trim(), '3');
  const text = 'b\na\nb\n10\n9\n';
  assert.equal(textOf(await call('sort_lines', { text })), '10\n9\na\nb\nb\n');
  assert.equal(textOf(await call('sort_lines', { text, order: '--unique' })), '10\n9\na\nb\n');
  await refused('sort_lines', { text, order: '--output=/tmp/x' }, /order/);
  assert.equal(textOf(await call('join_paths', { names: ['/a/../b', '-c/./d', '/$(id)'] })).split('\n').slice(0, 3).join(), '/b,/-c/d,/$(id)');
  assert.match((await result(stack, 0, 'resources/read', { uri: 'system://kernel' })).contents[0].text, /^Linux /);
});

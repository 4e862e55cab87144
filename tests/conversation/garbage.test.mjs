// Nonsense on either socket kills nothing and holds nothing up.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { encodeParams, paramsOf } from '../lib/fcgi.mjs';
import { startStack, until } from '../lib/stack.mjs';

const stack = await startStack({ after }, { threads: 3, limits: { body_ms: 300 } });
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

// Both programs are the same as before, and serve.
async function assertWell() {
  const stream = await stack.greeted();
  const answer = await stack.say(0, { ...ping, connection_id: stream.id }, { uri: '/mcp/sse/message' });
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await stream.next('mcp_response')).json.id, 1);
  await stream.close();
}

// Says it, and waits until the other side has had enough. half: we say that
// nothing more comes.
async function spit(target, bytes, { half = true } = {}) {
  const raw = await stack.raw(target);
  raw.write(bytes);
  if (half) raw.end();
  await raw.closed;
  return raw.text;
}

// --- FastCGI ---------------------------------------------------------------------

const record = (type, content = '', { version = 1, id = 1, length, padding = 0 } = {}) => {
  const body = Buffer.from(content, 'latin1');
  const n = length ?? body.length;
  return Buffer.concat([Buffer.from([version, type, id >> 8, id & 255, n >> 8, n & 255, padding, 0]), body]);
};
const begin = (role = 1, flags = 1) => record(1, `\0${String.fromCharCode(role, flags)}\0\0\0\0\0`);
const params = record(4, encodeParams(paramsOf('POST', '/mcp', {}, 46)).toString('latin1'));
const body = record(5, JSON.stringify(ping).padEnd(46));

const nonsense = {
  'nothing at all': '',
  'one byte': '\x01',
  'half a record head': '\x01\x01\x00',
  'half a begin': begin().subarray(0, 11),
  'text': 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'NULs': '\0'.repeat(1000),
  'ones': '\xff'.repeat(70000),
  'another version': record(1, '\0\x01\x01\0\0\0\0\0', { version: 9 }),
  'a role nobody plays': Buffer.concat([begin(2), params, record(4), body, record(5)]),
  'a role that is none': Buffer.concat([begin(77), params, record(4), body, record(5)]),
  'parameters before begin': Buffer.concat([params, record(4)]),
  'no parameters': Buffer.concat([begin(), record(4), record(5)]),
  'parameters that do not end': Buffer.concat([begin(), params]),
  'a body that does not end': Buffer.concat([begin(), params, record(4), body]),
  'a name longer than the record': Buffer.concat([begin(), record(4, '\x7f\x01ab'), record(4), record(5)]),
  'a value of two GiB': Buffer.concat([begin(), record(4, '\x01\xff\xff\xff\xffab'), record(4), record(5)]),
  'names without value': Buffer.concat([begin(), record(4, '\x03\0abc\0\0\x01\0='), record(4), record(5)]),
  'NULs in parameters': Buffer.concat([begin(), record(4, '\x0e\x06REQUEST_METHODPO\0ST!'), record(4), record(5)]),
  'more told than sent': Buffer.concat([begin(), record(4, 'x', { length: 60000 })]),
  'a begin in the middle': Buffer.concat([begin(), begin(), params, record(4), body, record(5)]),
  'another request id': Buffer.concat([begin(), record(4, 'x', { id: 7 }), params, record(4), body, record(5)]),
  'an abort': Buffer.concat([begin(), params, record(2)]),
  'an abort in the body': Buffer.concat([begin(), params, record(4), body, record(2)]),
  'a record nobody knows': Buffer.concat([begin(), record(99, 'x')]),
  'a management record': record(9, '\x0e\0FCGI_MAX_CONNS', { id: 0 }),
  'answers instead of questions': Buffer.concat([begin(), record(6, 'x'), record(3, '\0\0\0\0\0\0\0\0')]),
  'three requests at once': Buffer.concat([1, 2, 3].flatMap(() => [begin(), params, record(4), body, record(5)])),
};

for (const [name, bytes] of Object.entries(nonsense)) {
  test(`FastCGI: ${name}`, async () => {
    await spit(stack.workers[0].socket, Buffer.from(bytes, 'latin1'));
    await assertWell();
  });
}

test('FastCGI: nonsense that stays on the line is cut off, and holds nobody up', async () => {
  const held = ['half a record head', 'half a begin', 'parameters that do not end', 'a body that does not end', 'more told than sent'];
  const raws = held.map((name) => spit(stack.workers[0].socket, Buffer.from(nonsense[name], 'latin1'), { half: false }));
  await assertWell();
  await Promise.all(raws);
});

test('FastCGI: a hundred connections of noise', async () => {
  await Promise.all(Array.from({ length: 100 }, (_, n) => spit(stack.workers[0].socket, randomBytes(1 + n * 40))));
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      spit(stack.workers[0].socket, Buffer.concat([begin(), record(4, randomBytes(n * 40).toString('latin1')), record(4), record(5)])),
    ),
  );
  await assertWell();
});

test('FastCGI: whoever leaves in the middle of a request leaves nothing behind', async () => {
  const before = stack.workers[0].descriptors;
  for (const bytes of [begin(), Buffer.concat([begin(), params]), Buffer.concat([begin(), params, record(4), body])]) {
    const raws = await Promise.all(Array.from({ length: 10 }, () => stack.raw(stack.workers[0].socket)));
    for (const raw of raws) raw.write(bytes);
    await Promise.all(raws.map((raw) => raw.close()));
  }
  await assertWell();
  // a line to the broker, made just now, is no leak; thirty connections were
  await until('all are closed', () => stack.workers[0].descriptors <= before + 6);
});

// --- HTTP at the broker ------------------------------------------------------------

const GET = 'GET /mcp/sse HTTP/1.1\r\n';
const HOST = 'Host: localhost\r\n';

// What is said, and how it is answered; null: with nothing.
const heads = [
  ['nothing at all', '', null],
  ['half a line', 'GET /mc', null],
  ['half a head', GET + HOST, null],
  ['a NUL', '\0', null],
  ['NULs in a line', `GET /mcp/sse\0 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['NULs in a header', `${GET}${HOST}X: a\0b\r\n\r\n`, 400],
  ['noise that ends a line', '\xff\xfe\x00\x01\n', 400],
  ['bare line feeds', `GET /mcp/sse HTTP/1.1\n${HOST}\n`, 400],
  ['an empty line first', `\r\n${GET}${HOST}\r\n`, 400],
  ['no method', `/mcp/sse HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['two blanks', `GET  /mcp/sse HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['no version', `GET /mcp/sse\r\n${HOST}\r\n`, 400],
  ['another version', `GET /mcp/sse HTTP/2.0\r\n${HOST}\r\n`, 505],
  ['an address in full', `GET http://localhost/mcp/sse HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['no Host', `${GET}\r\n`, 400],
  ['two Hosts', `${GET}${HOST}${HOST}\r\n`, 400],
  ['two users', `${GET}${HOST}X-Mcp-User: a\r\nX-Mcp-User: b\r\n\r\n`, 400],
  ['two sessions', `${GET}${HOST}Mcp-Session-Id: a\r\nmcp-session-id: b\r\n\r\n`, 400],
  ['a folded line', `${GET}${HOST}X: a\r\n b\r\n\r\n`, 400],
  ['a header without a name', `${GET}${HOST}: x\r\n\r\n`, 400],
  ['a blank before the colon', `${GET}${HOST}X : x\r\n\r\n`, 400],
  ['no colon', `${GET}${HOST}X\r\n\r\n`, 400],
  ['two lengths', `POST /mcp HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
  ['a length and chunks', `POST /mcp HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ['a length that is none', `POST /mcp HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, 400],
  ['a head of 20,000 bytes', `${GET}${HOST}X: ${'x'.repeat(20000)}\r\n\r\n`, 431],
  ['a line without end', 'x'.repeat(40000), 431],
  ['a thousand lines', `${GET}${HOST}${'X: x\r\n'.repeat(1000)}\r\n`, 431],
  ['a Host of 300 bytes', `${GET}Host: ${'x'.repeat(300)}\r\n\r\n`, 400],
];

for (const [name, bytes, status] of heads) {
  test(`HTTP: ${name}${status ? ` is ${status}` : ''}`, async () => {
    const answer = await spit(stack.brokerSocket, Buffer.from(bytes, 'latin1'));
    if (status) assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^\r]*\r\n`), answer);
    else assert.equal(answer, '');
    await assertWell();
  });
}

test('HTTP: a refusal reaches also who is still sending', async () => {
  const raw = await stack.raw(stack.brokerSocket);
  raw.write(`POST /mcp HTTP/1.1\r\n${HOST}Content-Length: 60000\r\n\r\n${'x'.repeat(30000)}`);
  await until('the answer is there', () => /^HTTP\/1.1 400 /.test(raw.text));
  raw.write('x'.repeat(30000));
  raw.end();
  await raw.closed;
});

test('HTTP: a body without end is not read without end', async () => {
  const raw = await stack.raw(stack.brokerSocket, { rude: true });
  raw.write(`POST /mcp/sse HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
  let over = false;
  raw.closed.then(() => (over = true));
  const end = performance.now() + 3000;
  while (!over && performance.now() < end) {
    raw.write('x'.repeat(10000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(over, 'it was read on and on');
  assert.match(raw.text, /^HTTP\/1.1 405 /);
});

test('HTTP: a second request on the same connection is not heard', async () => {
  const raw = await stack.raw(stack.brokerSocket);
  raw.write(`${GET}${HOST}\r\n${GET}${HOST}\r\n`);
  await raw.until(/event: heartbeat/);
  raw.write(`${GET}${HOST}\r\n`.repeat(100));
  await assertWell();
  assert.equal(raw.text.match(/HTTP\/1\.1/g).length, 1);
  await raw.close();
});

test('HTTP: a head that comes byte by byte is read', async () => {
  const raw = await stack.raw(stack.brokerSocket);
  for (const byte of `${GET}${HOST}Accept: text/event-stream\r\n\r\n`) {
    raw.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await raw.until(/event: heartbeat/);
  await raw.close();
});

test('HTTP: a thousand half heads hold nobody up', async () => {
  const raws = await Promise.all(Array.from({ length: 1000 }, () => stack.raw(stack.brokerSocket)));
  for (const raw of raws) raw.write(GET);
  await assertWell();
  await Promise.all(raws.map((raw) => raw.close()));
});

test('HTTP: a hundred connections of noise', async () => {
  await Promise.all(Array.from({ length: 100 }, (_, n) => spit(stack.brokerSocket, randomBytes(1 + n * 100))));
  await Promise.all(Array.from({ length: 100 }, (_, n) => spit(stack.adminSocket, randomBytes(1 + n * 100))));
  await assertWell();
});

test('both programs are those that were started', () => {
  for (const one of [stack.broker, ...stack.workers]) process.kill(one.pid, 0);
});

// POST /mcp, one message at a time: what is answered, refused, acknowledged.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { slowTool, startStack } from '../lib/stack.mjs';

const MAX_BODY = 65536;
const stack = await startStack({ after }, { limits: { max_body: MAX_BODY }, change: (config) => void config.tools.push(slowTool(300)) });
const say = (body, options) => stack.say(0, body, options);
const ping = (id) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;

// What a refusal of the message itself looks like.
function assertRefused(answer, code, id = null) {
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(answer.json), ['jsonrpc', 'error', 'id']);
  assert.equal(answer.json.error.code, code, answer.text);
  assert.equal(answer.json.id, id);
}

test('a request is answered: jsonrpc, result, id', async () => {
  const answer = await say(ping(1));
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '{"jsonrpc":"2.0","result":{},"id":1}');
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(Number(answer.headers['content-length']), answer.text.length);
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('what is not JSON is a parse error that says where', async () => {
  for (const body of ['', ' ', '{', '{"jsonrpc":"2.0","id":1,', "{'a':1}", '[1,]', 'nul', `${ping(1)} x`, '\ufeff{}']) {
    assertRefused(await say(body), -32700);
  }
  const answer = await say('{"jsonrpc":"2.0",\n "id":1,, }');
  assert.match(answer.json.error.message, /^Parse error: .*\(line 2, column 9\)$/);
});

test('JSON that is no JSON-RPC is an invalid request, with its id where it has one', async () => {
  for (const body of ['1', '"x"', 'null', '{}', '{"jsonrpc":"2.0"}']) assertRefused(await say(body), -32600);
  for (const rest of [
    '"jsonrpc":"1.0","method":"ping"',
    '"jsonrpc":2.0,"method":"ping"',
    '"method":"ping"',
    '"jsonrpc":"2.0","method":1',
    '"jsonrpc":"2.0","method":null',
    '"jsonrpc":"2.0","method":"pi\\u0000ng"',
    '"jsonrpc":"2.0","method":"ping","params":"x"',
    '"jsonrpc":"2.0","method":"ping","result":{}',
    '"jsonrpc":"2.0","result":{},"error":{}',
    '"jsonrpc":"2.0","error":1',
  ]) {
    assertRefused(await say(`{"id":7,${rest}}`), -32600, 7);
  }
});

test('an unknown method is an error with the id of its request', async () => {
  for (const method of ['nothing/like/it', '', 'Ping', 'tools/call ']) {
    const answer = await say({ jsonrpc: '2.0', id: 'a', method });
    assert.equal(answer.status, 200);
    assert.equal(answer.json.error.code, -32601);
    assert.equal(answer.json.id, 'a');
  }
});

test('params that are no object are invalid params', async () => {
  const answer = await say({ jsonrpc: '2.0', id: 1, method: 'ping', params: [1] });
  assert.equal(answer.status, 200);
  assert.equal(answer.json.error.code, -32602);
});

test('notifications are acknowledged with 202 and zero bytes, whatever they ask for', async () => {
  for (const method of ['notifications/initialized', 'notifications/cancelled', 'unheard/of', 'tools/call']) {
    for (const Accept of ['application/json, text/event-stream', 'text/html', '']) {
      const answer = await say({ jsonrpc: '2.0', method, params: { requestId: 1 } }, { headers: { Accept } });
      assert.equal(answer.status, 202);
      assert.equal(answer.text, '');
      assert.equal(answer.headers['content-type'], undefined);
    }
  }
});

test('responses are acknowledged with 202 and zero bytes', async () => {
  for (const rest of ['"result":{}', '"result":null', '"error":{"code":-1,"message":"no"}']) {
    const answer = await say(`{"jsonrpc":"2.0","id":5,${rest}}`);
    assert.equal(answer.status, 202);
    assert.equal(answer.text, '');
  }
  assertRefused(await say('{"jsonrpc":"2.0","result":{}}'), -32600);
});

test('an id comes back byte for byte', async () => {
  for (const id of [
    '0',
    '-0',
    '-1',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '18446744073709551615',
    '1.5',
    '-2.50',
    '1e3',
    '1E+02',
    '""',
    '"1"',
    '"\\u0041\\n\\"\\\\\\/"',
    '"\\ud83d\\ude00\\u0000"',
    '"Grüße, 世界 😀"',
    JSON.stringify('x'.repeat(5000)),
  ]) {
    const answer = await say(ping(id));
    assert.equal(answer.text, `{"jsonrpc":"2.0","result":{},"id":${id}}`);
  }
});

test('an id that is neither string nor number is refused', async () => {
  for (const id of ['null', 'true', 'false', '{}', '[]', '[1]']) assertRefused(await say(ping(id)), -32600);
});

test('what two readers would read differently is refused', async () => {
  const call = (params) => `{"jsonrpc":"2.0","id":1,"method":"ping","params":${params}}`;
  for (const body of [
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"ping"}',
    call('{"a":{"b":1,"b":1}}'),
    call('{"n":18446744073709551616}'),
    call('{"n":-9223372036854775809}'),
    call('{"n":1e400}'),
    call('{"a\\u0000b":1}'),
    call('"\\ud800"'),
    call('"\\x41"'),
    call('{"a":"\u0001"}'),
    ping('18446744073709551616'),
  ]) {
    assertRefused(await say(body), -32700);
  }
});

test('bytes that are not UTF-8, and NUL, are refused', async () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3], [0x00]]) {
    const [head, tail] = ['{"jsonrpc":"2.0","id":"', '","method":"ping"}'];
    assertRefused(await say(Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)])), -32700);
  }
  assertRefused(await say(Buffer.from(`${ping(1)}\0`)), -32700);
});

test('64 levels are read, 65 are refused', async () => {
  const nested = (levels) =>
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`;
  assert.equal((await say(nested(64))).status, 200);
  assertRefused(await say(nested(65)), -32700);
  assertRefused(await say('['.repeat(30000)), -32700);
});

// --- batches -----------------------------------------------------------------

const four = [
  { jsonrpc: '2.0', id: 1, method: 'ping' },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 'two', method: 'unheard/of' },
  1,
];

test('a batch is answered as a batch, each request by itself', async () => {
  for (const headers of [{}, { 'MCP-Protocol-Version': '2025-03-26' }]) {
    const answer = await say(four, { headers });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      answer.json.map(({ id, result, error }) => [id, result ?? error.code]),
      [
        [1, {}],
        ['two', -32601],
        [null, -32600],
      ],
    );
  }
});

// Somebody looks at it meanwhile: whether it is slow, whether it is wanted.
test('a batch that takes long is answered, and its progress tokens are none of ours', async () => {
  const params = { name: 'slow', _meta: { progressToken: 1 } };
  const batch = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params }));
  const answer = await say(batch, { headers: { Accept: 'application/json, text/event-stream' } });
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(answer.json.map((one) => one.id), [1, 2]);
});

test('a batch of a 2025-03-26 session is answered', async () => {
  const session = await stack.initialize(0, { protocolVersion: '2025-03-26' });
  const answer = await say(four, { headers: { 'Mcp-Session-Id': session } });
  assert.equal(answer.json.length, 3);
});

test('from 2025-06-18 on there are no batches, by header or by session', async () => {
  for (const version of ['2025-06-18', '2025-11-25']) {
    assertRefused(await say(four, { headers: { 'MCP-Protocol-Version': version } }), -32600);
    const session = await stack.initialize(0, { protocolVersion: version });
    assertRefused(await say(four, { headers: { 'Mcp-Session-Id': session } }), -32600);
  }
});

test('an empty batch is refused, and so is one of more than 100 messages', async () => {
  const requests = (n) => Array.from({ length: n }, (_, i) => ({ jsonrpc: '2.0', id: i, method: 'ping' }));
  assertRefused(await say('[]'), -32600);
  assertRefused(await say(' [ ] '), -32600);
  assertRefused(await say(requests(101)), -32600);
  const answer = await say(requests(100));
  assert.deepEqual(
    answer.json.map((one) => one.id),
    requests(100).map((one) => one.id),
  );
});

test('a batch that asks for nothing is acknowledged with 202 and zero bytes', async () => {
  const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
  for (const batch of [[note], [note, note], [{ jsonrpc: '2.0', id: 1, result: {} }, note]]) {
    const answer = await say(batch);
    assert.equal(answer.status, 202);
    assert.equal(answer.text, '');
  }
});

test('initialize is not part of a batch', async () => {
  const params = { protocolVersion: '2025-03-26', capabilities: {} };
  const answer = await say([{ jsonrpc: '2.0', id: 1, method: 'initialize', params }]);
  assert.equal(answer.json[0].error.code, -32600);
  assert.equal(answer.headers['mcp-session-id'], undefined);
});

// --- the body ----------------------------------------------------------------

test('a body without Content-Length is read to its end', async () => {
  const answer = await say(ping(1), { params: { CONTENT_LENGTH: '' } });
  assert.equal(answer.text, '{"jsonrpc":"2.0","result":{},"id":1}');
});

test('a body in many records is one body', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { pad: 'x'.repeat(MAX_BODY - 200) } });
  assert.equal((await say(body)).status, 200);
});

test('a Content-Length that is not the length is refused', async () => {
  const length = ping(1).length;
  for (const told of [length - 1, length + 1, 0, 1]) {
    const answer = await say(ping(1), { params: { CONTENT_LENGTH: told } });
    assert.equal(answer.status, 400, `told ${told}`);
    assert.equal(answer.json.error.code, -32600);
  }
});

test('a body over the cap is refused with 413, told or not', async () => {
  const body = Buffer.alloc(1 << 20, ' ');
  for (const CONTENT_LENGTH of [body.length, '', '99999999999999999999']) {
    const answer = await say(body, { params: { CONTENT_LENGTH } });
    assert.equal(answer.status, 413);
    assert.equal(answer.json.error.code, -32600);
  }
  assert.equal((await say(Buffer.alloc(MAX_BODY + 1, ' '))).status, 413);
  assert.equal((await say(Buffer.alloc(MAX_BODY, ' '))).status, 400, 'as large as it may be, but no JSON');
});

// --- headers -----------------------------------------------------------------

test('whatever is accepted, there is an answer and never 406', async () => {
  for (const Accept of [
    '',
    '*/*',
    'application/*',
    'application/json',
    'application/json;q=0.5, text/event-stream',
    'text/event-stream, */*;q=0.1',
    'text/html',
  ]) {
    const answer = await say(ping(1), { headers: { Accept } });
    assert.equal(answer.status, 200, `Accept: ${Accept}`);
    assert.equal(answer.headers['content-type'], 'application/json', `Accept: ${Accept}`);
  }
});

test('who accepts an event stream alone gets one, of one event', async () => {
  const connection = await stack.connect();
  const asked = connection.request('POST', '/mcp', { headers: { Accept: 'Text/Event-Stream' }, body: ping(1) });
  const event = await asked.next('message');
  assert.deepEqual(event.json, { jsonrpc: '2.0', result: {}, id: 1 });
  const answer = await asked.answer;
  assert.equal(answer.headers['content-type'], 'text/event-stream');
  assert.equal(answer.headers['x-accel-buffering'], undefined, 'it is whole: a proxy may hold it for a slow reader');
  assert.equal(answer.text, 'event: message\ndata: {"jsonrpc":"2.0","result":{},"id":1}\n\n');
});

test('a version said twice is one version, joined or repeated', async () => {
  const name = 'MCP-Protocol-Version';
  for (const headers of [
    [[name, '2025-11-25']],
    [[name, '2025-11-25, 2025-11-25']],
    [[name, '2025-11-25,2025-11-25']],
    [
      [name, '2025-11-25'],
      [name, '2025-11-25'],
    ],
  ]) {
    assert.equal((await say(ping(1), { headers })).status, 200);
    assertRefused(await say(four, { headers }), -32600); // it is heard: no batches in it
  }
});

test('an unknown version is refused with those that are spoken', async () => {
  for (const version of ['2099-01-01', '1', '2025-11-25x', 'latest']) {
    const answer = await say(ping('"v"'), { headers: { 'MCP-Protocol-Version': version } });
    assertRefused(answer, -32022, 'v');
    assert.equal(answer.json.error.data.requested, version);
    for (const known of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']) {
      assert.ok(answer.json.error.data.supported.includes(known), known);
    }
  }
});

test('every version of the legacy era may be named', async () => {
  for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
    const answer = await say(ping(1), { headers: { 'MCP-Protocol-Version': version } });
    assert.equal(answer.status, 200, version);
  }
});

test('a header that decides something may not stand twice', async () => {
  for (const name of ['Mcp-Session-Id', 'Origin', 'Host', 'Authorization', 'Mcp-Method', 'Last-Event-ID']) {
    const headers = [
      [name, 'localhost'],
      [name, 'localhost'],
    ];
    const answer = await say(ping(1), { headers });
    assert.equal(answer.status, 400, name);
    assert.ok(answer.json.error.message.includes(name), answer.text);
  }
});

// What a proxy reads in the headers is what the body says, or nothing runs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertError, headersOf, metaOf, modern, result, startFixture } from './fixture/fixture.mjs';

const stack = await startFixture({ after });
const sealed = (text) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

// Call the tool whose arguments are mirrored. -> the answer
const call = (args, headers, options) => modern(stack, 0, 'tools/call', { name: 'mirrored', arguments: args }, { headers, ...options });
const refused = (answer, header) => assertError(answer, 400, -32020, new RegExp(`^Header mismatch: ${header}`));

async function passes(args, headers) {
  const answer = await call(args, headers);
  assert.equal(answer.status, 200, `${JSON.stringify(headers)}: ${answer.text}`);
  assert.deepEqual(JSON.parse(answer.json.result.content[0].text), args);
}

// --- Mcp-Method ------------------------------------------------------------------------

test('Mcp-Method says the method, to the letter', async () => {
  for (const said of [null, '', 'prompts/list', 'TOOLS/LIST', 'tools/lis', 'tools/list,tools/list']) {
    const answer = await modern(stack, 0, 'tools/list', {}, { headers: { 'Mcp-Method': said } });
    refused(answer, 'Mcp-Method');
    assert.equal(answer.json.id, 1);
  }
  await result(stack, 0, 'tools/list', {}, { headers: { 'Mcp-Method': ' tools/list\t' } });
});

test('the name of a header may be written in any case', async () => {
  for (const name of ['mcp-method', 'MCP-METHOD', 'mCp-MeThOd']) {
    await result(stack, 0, 'tools/list', {}, { headers: { 'Mcp-Method': null, [name]: 'tools/list' } });
  }
});

// --- Mcp-Name ----------------------------------------------------------------------------

test('Mcp-Name says the tool, the prompt, the resource', async () => {
  for (const [method, params] of [
    ['tools/call', { name: 'count_clients' }],
    ['prompts/get', { name: 'numbers' }],
    ['resources/read', { uri: 'crm://clients' }],
  ]) {
    await result(stack, 0, method, params);
    const name = params.name ?? params.uri;
    await result(stack, 0, method, params, { headers: { 'Mcp-Name': `  ${name}  ` } });
    await result(stack, 0, method, params, { headers: { 'Mcp-Name': sealed(name) } });
    for (const said of [null, '', 'other', name.toUpperCase(), `${name}x`, sealed('other'), sealed(`${name} `)]) {
      refused(await modern(stack, 0, method, params, { headers: { 'Mcp-Name': said } }), 'Mcp-Name');
    }
  }
});

test('Mcp-Name of a task is its id', async () => {
  refused(await modern(stack, 0, 'tasks/get', { taskId: 'x' }, { headers: { 'Mcp-Name': 'y' } }), 'Mcp-Name');
  refused(await modern(stack, 0, 'tasks/cancel', { taskId: 'x' }, { headers: { 'Mcp-Name': null } }), 'Mcp-Name');
});

test('a name that no header can carry comes in Base64', async () => {
  const uri = 'fixture://items/Grüße/1 2';
  const answer = await modern(stack, 0, 'resources/read', { uri }, { headers: { 'Mcp-Name': sealed(uri) } });
  assert.notEqual(answer.json.error?.code, -32020, answer.text);
  refused(await modern(stack, 0, 'resources/read', { uri }, { headers: { 'Mcp-Name': sealed('fixture://items/Gruesse/1 2') } }), 'Mcp-Name');
});

// --- the sentinel ------------------------------------------------------------------------

test('the sentinel is decoded strictly', async () => {
  await passes({ region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8=?=' });
  for (const said of ['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?=', '=?base64?SGVsbG8==?=', '=?base64? SGVsbG8=?=', '=?base64?SGVs bG8=?=', '=?base64?SGVsbG9=?=', '=?base64??=']) {
    refused(await call({ region: 'Hello' }, { 'Mcp-Param-Region': said }), 'Mcp-Param-Region');
  }
  await passes({ region: '' }, { 'Mcp-Param-Region': '=?base64??=' });
});

test('what only looks like the sentinel is what it is', async () => {
  for (const text of ['SGVsbG8=', '=?base64?SGVsbG8=', 'SGVsbG8=?=', '=?BASE64?SGVsbG8=?=', '=?utf-8?SGVsbG8=?=', '=?base64?=']) {
    await passes({ region: text }, { 'Mcp-Param-Region': text });
  }
});

test('a value that looks like the sentinel must be in it', async () => {
  const text = '=?base64?literal?=';
  refused(await call({ region: text }, { 'Mcp-Param-Region': text }), 'Mcp-Param-Region');
  await passes({ region: text }, { 'Mcp-Param-Region': sealed(text) });
});

test('any text can be carried: blanks at its ends, lines, other alphabets', async () => {
  for (const text of [' padded ', 'line1\nline2', 'Hello, 世界', '\t', '']) {
    await passes({ region: text }, { 'Mcp-Param-Region': sealed(text) });
  }
  await passes({ region: 'us-west1 or so' }, { 'Mcp-Param-Region': 'us-west1 or so' });
});

// --- types ---------------------------------------------------------------------------------

test('an integer is compared as a number', async () => {
  for (const [count, said] of [
    [42, '42'],
    [42, '42.0'],
    [42, ' 42 '],
    [42, sealed('42')],
    [-7, '-7'],
    [0, '0'],
    [0, '-0'],
    [9007199254740991, '9007199254740991'],
  ]) {
    await passes({ count }, { 'Mcp-Param-Count': said });
  }
  for (const said of ['43', '', 'forty-two', '42x', '0x2a', '42,0', 'nan', 'inf']) {
    refused(await call({ count: 42 }, { 'Mcp-Param-Count': said }), 'Mcp-Param-Count');
  }
  refused(await call({ count: 9007199254740991 }, { 'Mcp-Param-Count': '9007199254740990' }), 'Mcp-Param-Count');
  refused(await call({ count: 9007199254740992 }, { 'Mcp-Param-Count': '9007199254740993' }), 'Mcp-Param-Count');
});

test('a boolean is true or false, in small letters', async () => {
  await passes({ urgent: true }, { 'Mcp-Param-Urgent': 'true' });
  await passes({ urgent: false }, { 'Mcp-Param-Urgent': 'false' });
  for (const said of ['false', 'TRUE', '1', 'yes', '']) {
    refused(await call({ urgent: true }, { 'Mcp-Param-Urgent': said }), 'Mcp-Param-Urgent');
  }
});

test('a string is what it is, not the number it looks like', async () => {
  await passes({ region: '42' }, { 'Mcp-Param-Region': '42' });
  refused(await call({ region: '42' }, { 'Mcp-Param-Region': '42.0' }), 'Mcp-Param-Region');
  refused(await call({ region: 'Hello' }, { 'Mcp-Param-Region': 'hello' }), 'Mcp-Param-Region');
});

test('an argument inside an object is found at its place', async () => {
  await passes({ where: { zone: 'a' } }, { 'Mcp-Param-Zone-2': 'a' });
  refused(await call({ where: { zone: 'a' } }, { 'Mcp-Param-Zone-2': 'b' }), 'Mcp-Param-Zone-2');
  refused(await call({ where: { zone: 'a' } }, {}), 'Mcp-Param-Zone-2');
  await passes({ where: {} }, {});
});

// --- there and not there -----------------------------------------------------------------------

test('an argument without its header is refused', async () => {
  for (const args of [{ region: 'x' }, { count: 1 }, { urgent: false }, { region: '' }]) {
    assertError(await call(args, {}), 400, -32020, /is missing/);
  }
});

test('an argument that is null or absent has no header', async () => {
  await passes({}, {});
  const answer = await call({ region: null }, {});
  assert.equal(answer.status, 200, 'the header is not missed; the schema has its own word');
  assert.match(answer.json.result.content[0].text, /region/);
  for (const said of ['', 'null', 'x']) {
    refused(await call({ region: null }, { 'Mcp-Param-Region': said }), 'Mcp-Param-Region');
    refused(await call({}, { 'Mcp-Param-Region': said }), 'Mcp-Param-Region');
    refused(await call(undefined, { 'Mcp-Param-Region': said }), 'Mcp-Param-Region');
  }
});

test('headers that no argument has are nobody’s business', async () => {
  await passes({ plain: 'x' }, { 'Mcp-Param-Plain': 'y', 'Mcp-Param-Other': 'z' });
});

test('a header that stands twice is refused, whatever it says', async () => {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'mirrored', arguments: { region: 'a' }, _meta: metaOf() } };
  for (const doubled of [['Mcp-Param-Region', 'a'], ['Mcp-Name', 'mirrored'], ['Mcp-Method', 'tools/call']]) {
    const headers = [...Object.entries(headersOf(message, { 'Mcp-Param-Region': 'a' })), doubled];
    const answer = await stack.say(0, message, { headers });
    assert.equal(answer.status, 400, answer.text);
  }
});

test('characters that no header may hold are refused', async () => {
  for (const text of ['a\u0001b', 'a\u007fb', 'a\u000bb', 'Grüße']) {
    refused(await call({ region: text }, { 'Mcp-Param-Region': text }), 'Mcp-Param-Region');
  }
  await passes({ region: 'a\tb' }, { 'Mcp-Param-Region': 'a\tb' });
});

test('the eras before have no mirrors', async () => {
  const params = { name: 'mirrored', arguments: { region: 'a' } };
  const headers = { 'Mcp-Method': 'x', 'Mcp-Name': 'y', 'Mcp-Param-Region': 'z', 'MCP-Protocol-Version': '2025-11-25' };
  assert.equal((await stack.call(0, 'tools/call', params, { headers })).result.isError, undefined);
});

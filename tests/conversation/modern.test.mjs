// What 2026-07-28 gets from a server that does not speak it yet: a refusal
// that lists what is spoken, so that a client of both eras falls back.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStack } from '../lib/stack.mjs';

const VERSION = '2026-07-28';
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const stack = await startStack({ after });

function assertUnsupported(answer, id) {
  assert.equal(answer.status, 400, answer.text);
  assert.equal(answer.json.error.code, -32022);
  assert.equal(answer.json.error.message, 'Unsupported protocol version');
  assert.deepEqual(answer.json.error.data.supported.toSorted(), LEGACY.toSorted());
  assert.equal(answer.json.error.data.requested, VERSION);
  assert.equal(answer.json.id, id);
}

for (const method of ['server/discover', 'tools/list', 'tools/call', 'initialize', 'unheard/of']) {
  test(`${method} with header and _meta is refused with the versions there are`, async () => {
    const headers = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': method };
    const message = { jsonrpc: '2.0', id: 'm', method, params: { name: 'get_client', _meta: META } };
    assertUnsupported(await stack.say(0, message, { headers }), 'm');
  });
}

test('the header alone and the _meta alone are refused alike', async () => {
  const message = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  assertUnsupported(await stack.say(0, message, { headers: { 'MCP-Protocol-Version': VERSION } }), 2);
  assertUnsupported(await stack.say(0, { ...message, params: { _meta: META } }), 2);
});

test('so is the pair of an older header and a newer _meta', async () => {
  const message = { jsonrpc: '2.0', id: 3, method: 'tools/list', params: { _meta: META } };
  assertUnsupported(await stack.say(0, message, { headers: { 'MCP-Protocol-Version': '2025-11-25' } }), 3);
});

test('the broker refuses a subscription with the same list', async () => {
  const answer = await stack.http('POST', '/mcp', {
    headers: {
      'Content-Type': 'application/json',
      'MCP-Protocol-Version': VERSION,
      'Mcp-Method': 'subscriptions/listen',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 4, method: 'subscriptions/listen', params: { _meta: META } }),
  });
  assertUnsupported(answer, null);
});

test('after the refusal the older handshake is there', async () => {
  const session = await stack.initialize(0, { protocolVersion: VERSION });
  const message = { jsonrpc: '2.0', id: 5, method: 'tools/list' };
  const answer = await stack.say(0, message, {
    headers: { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' },
  });
  assert.equal(answer.status, 200);
});

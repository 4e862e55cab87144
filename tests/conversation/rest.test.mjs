// What a worker takes for a burst it gives back when the burst is over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startStack, until } from '../lib/stack.mjs';

const CLIENTS = 64;
const CALLS = 40; // of each
const LONG_MS = 60000; // handles are closed after ten seconds
const params = { name: 'get_client', arguments: { email: 'test@example.com' } };
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

async function burst(stack) {
  const client = async () => {
    const connection = await stack.connect(0);
    for (let i = 0; i < CALLS; i++) {
      const { json } = await connection.request('POST', '/mcp', { headers, body }).answer;
      assert.equal(JSON.parse(json.result.content[0].text).email, params.arguments.email);
    }
    await connection.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

test('handles on SQLite that nobody uses are closed, and opened again', async (t) => {
  const stack = await startStack(t, {});
  const [worker] = stack.workers;
  const rest = worker.descriptors;
  await burst(stack);
  assert.ok(worker.descriptors > rest, 'a burst opens none, and this shows nothing');
  await until('they are closed', () => worker.descriptors <= rest, LONG_MS);
  await burst(stack);
});

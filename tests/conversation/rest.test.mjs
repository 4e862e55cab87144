// What a worker takes for a burst it gives back when the burst is over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousBytesOf } from '../lib/kernel.mjs';
import { startStack, until } from '../lib/stack.mjs';

const CLIENTS = 128;
const LONG_MS = 60000; // handles are closed, and threads relieved, after ten seconds
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const params = { name: 'get_client', arguments: { email: `test@example.com${' '.repeat(40000)}` } };
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });

// All of them at once, as the worker finds them when it wakes up.
async function burst(stack) {
  const [worker] = stack.workers;
  worker.freeze();
  const all = await Promise.all(Array.from({ length: CLIENTS }, () => stack.connect(0)));
  const answers = all.map((one) => one.request('POST', '/mcp', { headers, body }).answer);
  worker.thaw();
  for (const { json } of await Promise.all(answers)) assert.match(json.result.content[0].text, /not found/);
  const peak = anonymousBytesOf(worker.pid);
  await Promise.all(all.map((one) => one.close()));
  return peak;
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

// Of its own memory; what slots and threads would keep is more than that.
test('the memory of a burst goes back, but for less than half of what a worker begins with', async (t) => {
  const stack = await startStack(t, {});
  const [worker] = stack.workers;
  if (worker.isSanitized) return t.diagnostic('not looked at: sanitizers keep what was freed');
  const rest = anonymousBytesOf(worker.pid);
  const peak = await burst(stack);
  assert.ok(peak > rest * 1.5, 'the burst takes too little to show anything');
  await until('it is given back', () => anonymousBytesOf(worker.pid) < rest * 1.5, LONG_MS);
});

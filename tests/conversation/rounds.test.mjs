// Streams come and go: nothing of them stays. MCP_ROUNDS says how many; 2,000.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startStack, until } from '../lib/stack.mjs';

const ROUNDS = Number(process.env.MCP_ROUNDS ?? 2000);
const AT_ONCE = 20;
const FLAT = 64 * 1024;
const MOST = 8; // halves, until every cache has what it wants
const LINES = 64; // descriptors of threads that had not spoken with the broker

// n streams, AT_ONCE at a time: opened, greeted, posted to, closed.
async function rounds(stack, n) {
  const left = { n };
  const kept = await Promise.all(Array.from({ length: AT_ONCE }, () => stack.connect()));
  await Promise.all(
    kept.map(async (worker) => {
      while (left.n-- > 0) {
        const raw = await stack.raw(stack.brokerSocket, { keep: false });
        const greeted = raw.until(/event: heartbeat\n.*\n\n/);
        raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\n\r\n');
        const id = /connection_id=([0-9a-f-]{36})/.exec(await greeted)[1];
        const answered = raw.until(/event: mcp_response\n.*\n\n/);
        const message = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: id };
        assert.equal((await worker.post('/mcp/sse/message', message).answer).status, 200);
        await answered;
        await raw.close();
      }
    }),
  );
  await Promise.all(kept.map((one) => one.close()));
  await until('all are closed', async () => (await stack.status()).streams.open === 0);
}

test(`${ROUNDS} streams open and close: memory becomes flat, and no descriptor is left`, async (t) => {
  const stack = await startStack(t, { limits: { max_resumable: 64 } });
  const programs = [stack.broker, stack.workers[0]];
  await rounds(stack, 100);
  const descriptors = programs.map((one) => one.descriptors);
  let bytes = programs.map((one) => one.privateBytes);
  const grown = [];
  for (let half = 1; half <= MOST; half++) {
    await rounds(stack, ROUNDS / 2);
    const now = programs.map((one) => one.privateBytes);
    grown.push(now.map((n, i) => (n - bytes[i]) >> 10));
    bytes = now;
    if (half >= 2 && grown.at(-1).every((kib) => kib < FLAT >> 10)) break;
  }
  t.diagnostic(`broker and worker grew, KiB: ${grown.join('; ')}`);
  if (!stack.broker.isSanitized) {
    assert.ok(grown.at(-1).every((kib) => kib < FLAT >> 10), `they grow and grow, KiB: ${grown.join('; ')}`);
  }
  for (const [n, one] of programs.entries()) {
    await until('no descriptor is left', () => one.descriptors <= descriptors[n] + LINES);
  }
});

// A crowd comes and goes, again and again: what the broker keeps of it is
// nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import { anonymousBytesOf, filesAllowed } from '../lib/kernel.mjs';
import { bin } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';
import { forRounds, minutes, timeout } from './rounds.mjs';

const RESERVED = 90; // descriptors of a broker (64) and of a crowd for themselves
const most = minutes > 0 ? 19900 : 5000;
const count = Math.min(most, filesAllowed() - RESERVED);
const rounds = minutes > 0 ? 10 : 3;

// -> next(word): lets it do its next step, and awaits its word for it
function startCrowd(t, socket) {
  const child = spawn(path.join(bin, 'tests/chaos/crowd'), [socket, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  t.after(() => child.kill('SIGKILL'));
  return async (word) => {
    child.stdin.write('\n');
    assert.equal((await lines.next()).value, word);
  };
}

// What is given back is given back within a second or two.
async function settledBytes(pid) {
  let bytes;
  let since;
  await until('its memory rests', () => {
    const now = anonymousBytesOf(pid);
    if (now !== bytes) since = performance.now();
    bytes = now;
    return performance.now() - since > 2500;
  }, 30000);
  return bytes;
}

// Its own memory: what it shares with others on the disk counts as private as
// soon as nobody else has it mapped.
test(`${rounds} rounds of ${count} streams opened and closed: the broker's memory is what it was after the first`, { timeout }, async (t) => {
  const stack = await startStack(t, { limits: { resume_ms: 1000 } });
  const next = startCrowd(t, stack.brokerSocket);
  const { broker } = stack;
  const descriptors = broker.descriptors;
  let first;
  await forRounds(rounds, async (round) => {
    await next('open');
    const { streams } = await stack.status();
    assert.equal(streams.open, count);
    const open = anonymousBytesOf(broker.pid);
    await next('closed');
    await until('all are gone', async () => {
      const { streams } = await stack.status();
      return streams.open === 0 && streams.parked === 0;
    }, 30000);
    const closed = await settledBytes(broker.pid);
    first ??= { open, closed };
    t.diagnostic(`round ${round}: ${open >> 10} KiB with ${count} streams, ${closed >> 10} KiB without`);
    assert.ok(open <= first.open * 1.05, 'more than after the first, while open');
    assert.ok(closed <= first.closed * 1.05, 'more than after the first');
    assert.ok(broker.descriptors <= descriptors + 2, 'it keeps descriptors');
  });
});

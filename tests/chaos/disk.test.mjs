// The disk is full: a tool that writes says so, reads go on, and with room
// again so does writing. The disk is a small one of the worker's own.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findProgram } from '../lib/site.mjs';
import { startStack, traceTools } from '../lib/stack.mjs';
import { forRounds, timeout } from './rounds.mjs';

const URI = { uri: '/mcp/sse/message' };
const unshare = findProgram('unshare');
const nsenter = findProgram('nsenter');

function why() {
  if (!unshare || !nsenter) return 'unshare or nsenter is not installed';
  return spawnSync(unshare, ['-m', 'true']).status === 0 ? false : 'no mount namespace may be made here';
}

// A database that is on a disk of 4 MiB, which nobody but the worker sees.
const prepare = (dir) => fs.mkdirSync(path.join(dir, 'disk'));
const mount = 'mount -t tmpfs -o size=4m tmpfs "$1/disk" && cp "$1/clients.db" "$1/disk" && shift && exec "$@"';

async function startOnDisk(t, mode) {
  const stack = await startStack(t, {
    workers: 0,
    prepare,
    change: (config) => {
      config.databases.crm.url = 'sqlite:disk/clients.db';
      config.tools.push(...traceTools);
    },
  });
  const database = path.join(stack.dir, 'clients.db');
  execFileSync('sqlite3', [database, `PRAGMA journal_mode=${mode}`]);
  // what the broker looks at; the worker has its own in the same place
  fs.copyFileSync(database, path.join(stack.dir, 'disk/clients.db'));
  await stack.startWorker({ wrap: [unshare, '-m', 'sh', '-c', mount, 'sh', stack.dir] });
  await stack.hasBroker();
  return stack;
}

// -> status of a command where the worker's disk is
function onDisk(stack, command) {
  const inside = [`--target=${stack.workers[0].pid}`, '--mount', 'sh', '-c', command];
  return spawnSync(nsenter, inside, { cwd: '/', encoding: 'utf8', env: { ...process.env, DISK: path.join(stack.dir, 'disk') } });
}

for (const mode of ['delete', 'wal']) {
  test(`the disk of SQLite (journal: ${mode}) is full: a write is told so, reads go on`, { skip: why(), timeout }, async (t) => {
    const stack = await startOnDisk(t, mode);
    const stream = await stack.greeted();
    let written = 0;
    const write = (email) => stack.call(0, 'tools/call', { name: 'leave_trace', arguments: { email } });
    const count = async () => Number((await stack.call(0, 'tools/call', { name: 'count_traces' })).result.content[0].text);

    await forRounds(1, async (round) => {
      assert.equal((await write(`before.${round}@trace.example`)).result.isError, undefined);
      written++;
      const filled = onDisk(stack, 'dd if=/dev/zero of="$DISK/ballast" bs=4k 2>&1');
      assert.match(filled.stdout, /No space left/);

      let refused;
      for (let n = 0; n < 100 && !refused; n++) {
        const { result } = await write(`${'x'.repeat(500)}.${n}.${round}@trace.example`);
        if (result.isError) refused = result.content[0].text;
        else written++; // the database had room within itself
      }
      t.diagnostic(`a write is told: ${refused}`);
      assert.match(refused, /database is full, and nothing was written/);
      // and so on a stream
      const params = { name: 'leave_trace', arguments: { email: `${'y'.repeat(3000)}.${round}@trace.example` } };
      const posted = await stack.say(0, { jsonrpc: '2.0', id: round, method: 'tools/call', params, connection_id: stream.id }, URI);
      assert.equal(posted.status, 200, posted.text);
      assert.equal((await stream.next('mcp_response')).json.result.isError, true);

      for (let n = 0; n < 10; n++) {
        const { result } = await stack.call(0, 'tools/call', { name: 'get_client', arguments: { email: 'test@example.com' } });
        assert.match(result.content[0].text, /Test Client/);
      }
      assert.equal(await count(), written, 'what was acknowledged is there, what was refused is not');

      assert.equal(onDisk(stack, 'rm "$DISK/ballast"').status, 0);
      assert.equal((await write(`after.${round}@trace.example`)).result.isError, undefined);
      written++;
      assert.equal(await count(), written);
      assert.equal(onDisk(stack, 'sqlite3 "$DISK/clients.db" "DELETE FROM clients WHERE name = \'Trace\'; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)"').status, 0);
      written = 0;
    });
  });
}

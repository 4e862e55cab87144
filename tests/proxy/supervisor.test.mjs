// mcpctl run keeps a site alive, and leaves nothing behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FcgiConnection } from '../lib/fcgi.mjs';
import { bin, freePort, makeDirectory, makeExample, startSite } from '../lib/site.mjs';

const mcpctl = path.join(bin, 'mcpctl');
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

function run(dir, ...args) {
  return spawnSync(mcpctl, ['run', '--dir', path.join(dir, 'run'), ...args], { encoding: 'utf8', timeout: 20000 });
}

// Gone, or a corpse its new parent has yet to bury.
function isGone(pid) {
  try {
    return /^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

test('a configuration with problems is told, and nothing starts', (t) => {
  const dir = makeDirectory(t);
  const file = path.join(dir, 'mcp.json');
  fs.writeFileSync(file, '{\n  "servr": {}\n}\n');
  const { status, stderr, stdout } = run(dir, '--config', file);
  assert.equal(status, 1);
  assert.match(stderr, /mcp\.json:2: /);
  assert.equal(stdout, '');
  assert.ok(!fs.existsSync(path.join(dir, 'run')), 'nothing was made');
});

test('a command that fails ends the whole', (t) => {
  const dir = makeDirectory(t);
  const { status, stderr } = run(dir, '--config', makeExample(dir), '--', 'false');
  assert.equal(status, 1);
  assert.match(stderr, /command ended \(status 1\)/);
});

test('a command that is not there ends the whole', (t) => {
  const dir = makeDirectory(t);
  const { status, stderr } = run(dir, '--config', makeExample(dir), '--', '/nonexistent/nginx');
  assert.equal(status, 1);
  assert.match(stderr, /cannot start \/nonexistent\/nginx/);
});

test('wrong options are told, with status 2', () => {
  for (const args of [[], ['--config', 'x'], ['--workers', 'many'], ['--workers', '0'], ['--what'], ['x']]) {
    const { status, stderr } = spawnSync(mcpctl, ['run', ...args], { encoding: 'utf8' });
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, /usage|takes a number/, args.join(' '));
  }
});

test('what dies is started again, and its socket lives on meanwhile', async (t) => {
  const site = await startSite(t, { workers: 1 });
  for (const role of ['worker 1', 'broker', 'worker 1']) {
    const waiting = role === 'worker 1' ? FcgiConnection.open(site.workerSocket) : null;
    await site.kill(role);
    await waiting?.then((connection) => connection.close(), () => {});
    const connection = await FcgiConnection.open(site.workerSocket);
    assert.equal((await connection.post('/mcp', ping).answer).status, 200, `after ${role}`);
    await connection.close();
  }
});

test('a second site in the same directory is refused', async (t) => {
  const site = await startSite(t, {});
  const args = ['run', '--dir', site.dir, '--config', path.join(site.dir, 'mcp.json')];
  const { status, stderr } = spawnSync(mcpctl, args, { encoding: 'utf8', timeout: 20000 });
  assert.equal(status, 1);
  assert.match(stderr, /another mcpctl/);
  const connection = await FcgiConnection.open(site.workerSocket);
  assert.equal((await connection.post('/mcp', ping).answer).status, 200, 'the first is unharmed');
  await connection.close();
});

test('however it ends, its children end with it', async (t) => {
  const roles = ['broker', 'worker 1', 'worker 2'];
  const gentle = await startSite(t, {});
  const ended = roles.map((role) => gentle.pidOf(role));
  process.kill(gentle.pid, 'SIGINT');
  assert.equal(await gentle.exited, 0);
  for (const pid of ended) assert.ok(isGone(pid), 'waited for');

  const killed = await startSite(t, {});
  const orphans = roles.map((role) => killed.pidOf(role));
  process.kill(killed.pid, 'SIGKILL');
  await killed.exited;
  const until = Date.now() + 10000;
  while (!orphans.every(isGone)) {
    assert.ok(Date.now() < until, 'the children live on');
    await new Promise(setImmediate);
  }
});

test('the sockets are for owner and group, the key for the owner alone', async (t) => {
  const site = await startSite(t, {});
  const mode = (name) => (fs.statSync(path.join(site.dir, name)).mode & 0o777).toString(8);
  assert.equal(mode('worker.sock'), '660');
  assert.equal(mode('broker.sock'), '660');
  assert.equal(mode('secret.key'), '600');
});

test('mcpctl ping says why there is no answer', async () => {
  const { status, stderr } = spawnSync(mcpctl, ['ping', `http://127.0.0.1:${await freePort()}/mcp`], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /does not answer: Connection refused/);
  for (const url of ['https://127.0.0.1/mcp', '127.0.0.1', 'http:///mcp', 'http://localhost']) {
    assert.equal(spawnSync(mcpctl, ['ping', url]).status, 2, url);
  }
});

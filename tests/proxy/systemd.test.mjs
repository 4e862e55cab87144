// The units: well-formed by systemd's own judgement, and the programs take
// their sockets as systemd hands them over.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FcgiConnection } from '../lib/fcgi.mjs';
import { bin, findProgram, makeDirectory, makeExample } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { startStack, until } from '../lib/stack.mjs';

const units = ['mcp-broker.service', 'mcp-broker.socket', 'mcp-fcgi.socket', 'mcp-fcgi@.service'];
const lacksProgram = (name) => (findProgram(name) ? false : `${name} is not installed`);

test('systemd-analyze verify has nothing to say of the units', { skip: lacksProgram('systemd-analyze') }, (t) => {
  const dir = makeDirectory(t);
  for (const name of units) {
    // the programs are not installed here: let the units name the built ones
    const text = fs.readFileSync(path.join(bin, 'proxy-configs/systemd', name), 'utf8');
    assert.doesNotMatch(text, /@\w+@/, `${name}: everything is filled in`);
    const here = text.replace(/^(Exec\w+=)\S*\/(mcp[^/\s]*)/gm, `$1${bin}/$2`);
    fs.writeFileSync(path.join(dir, name), here);
  }
  const names = ['mcp-broker.service', 'mcp-broker.socket', 'mcp-fcgi.socket', 'mcp-fcgi@1.service'];
  const { status, stderr } = spawnSync(
    findProgram('systemd-analyze'),
    ['verify', '--man=no', ...names.map((name) => path.join(dir, name))],
    { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${dir}:` } },
  );
  const ours = stderr.split('\n').filter((line) => /mcp-/.test(line));
  assert.deepEqual(ours, []);
  assert.equal(status, 0, stderr);
});

// Start a program with a listening socket on descriptor 3, as its unit would.
async function activate(t, socket, program, args) {
  const child = spawn(
    findProgram('systemd-socket-activate'),
    ['-l', socket, path.join(bin, program), ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let stderr = '';
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  t.after(async () => {
    const exited = new Promise((resolve) => child.on('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await exited;
  });
  while (!/Listening on/.test(stderr)) {
    const { promise, resolve } = Promise.withResolvers();
    child.stderr.once('data', resolve);
    child.once('exit', resolve);
    await promise;
    assert.equal(child.exitCode, null, stderr);
  }
}

test('socket activation serves whoever connected first', { skip: lacksProgram('systemd-socket-activate') }, async (t) => {
  const dir = makeDirectory(t);
  const config = makeExample(dir);
  execFileSync(path.join(bin, 'mcpctl'), ['secret', path.join(dir, 'secret.key')]);
  const shared = ['--config', config, '--bus', `ipc://${dir}/bus.sock`, '--secret', path.join(dir, 'secret.key')];

  const broker = path.join(dir, 'broker.sock');
  await activate(t, broker, 'mcp-broker', [...shared, '--admin', path.join(dir, 'admin.sock')]);
  const stream = await openStream({ socketPath: broker, path: '/mcp/sse' }, { headers: { Host: 'localhost' } });
  assert.equal(stream.status, 200);
  await stream.next('connected');
  stream.close();

  const worker = path.join(dir, 'worker.sock');
  await activate(t, worker, 'mcp-fcgi', shared);
  const connection = await FcgiConnection.open(worker);
  const answer = await connection.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' }).answer;
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json.result, {});
  await connection.close();
});

// What systemd would hear: lines of what is sent to that socket.
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;

test('systemd hears who is ready, and which process took whose place', { skip: lacksProgram('python3') }, async (t) => {
  const socket = path.join(makeDirectory(t), 'notify');
  const listener = spawn(findProgram('python3'), ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => listener.kill('SIGKILL'));
  let heard = '';
  listener.stdout.on('data', (bytes) => (heard += bytes));
  await until('somebody listens', () => heard.includes('listening'));
  const env = { NOTIFY_SOCKET: socket };
  const stack = await startStack(t, { broker: false, workers: 0 });
  await stack.startBroker({ env });
  await until('the broker is ready', () => heard.includes('READY=1'));
  heard = '';
  const worker = await stack.startWorker({ env });
  await until('the worker is ready', () => heard.includes('READY=1'));
  worker.kill('SIGUSR2');
  await until('another is in its place', () => worker.heirs.length === 1);
  await until('that is told', () => heard.includes(`MAINPID=${worker.pid}\n`));
});

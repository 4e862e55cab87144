// First contact: the one command of the README, from start to end.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { request, rpc } from '../lib/http.mjs';
import { freePort, lacks, makeDirectory, top } from '../lib/site.mjs';

const quickstart = path.join(top, 'quickstart');

// Start it and wait until it has said all it says.
async function start(t, port, dir, ...args) {
  const options = ['--no-install', '--port', String(port), '--dir', path.join(dir, 'state'), ...args];
  const child = spawn(quickstart, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  t.after(() => child.kill('SIGKILL'));
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  await new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error(`it ended\n${stdout}${stderr}`)));
    child.stdout.on('data', (bytes) => {
      stdout += bytes;
      if (/Ctrl-C/.test(stdout)) resolve();
    });
  });
  return { child, exited, stdout };
}

for (const proxy of ['nginx', 'apache']) {
  test(`quickstart --proxy ${proxy}`, { skip: lacks(proxy) }, async (t) => {
    const dir = makeDirectory(t);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { child, exited, stdout } = await start(t, port, dir, '--proxy', proxy);
    assert.equal(stdout.split('\n')[0], `ready ${url}/mcp`);
    assert.equal(stdout.split('\n')[1], `page  ${url}/mcp_sse_example.html`);

    const call = { name: 'get_client', arguments: { email: 'test@example.com' } };
    const answer = await rpc(`${url}/mcp`, 'tools/call', call);
    assert.equal(JSON.parse(answer.json.result.content[0].text).email, 'test@example.com');
    assert.equal((await request(`${url}/mcp_sse_example.html`)).status, 200);

    const again = spawnSync(quickstart, ['--no-install', '--port', String(port)], { encoding: 'utf8' });
    assert.equal(again.status, 1);
    assert.match(again.stderr, new RegExp(`port ${port} is taken`));

    child.kill(proxy === 'nginx' ? 'SIGTERM' : 'SIGINT');
    assert.equal(await exited, 0);
    await assert.rejects(request(url), { code: 'ECONNREFUSED' });
  });
}

test('quickstart serves another configuration, and says what is wrong with it', { skip: lacks('nginx') }, async (t) => {
  const dir = makeDirectory(t);
  const file = path.join(dir, 'own.json');
  const port = await freePort();
  fs.writeFileSync(file, '{\n  "tools": [ { "nam": "x" } ]\n}\n');
  const args = ['--no-install', `--port=${port}`, '--config', file, `--dir=${dir}/state`];
  const wrong = spawnSync(quickstart, args, { encoding: 'utf8' });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /own\.json:2: /);
  assert.doesNotMatch(wrong.stdout, /ready/);

  const inputSchema = { type: 'object', properties: { who: { type: 'string' } }, required: ['who'] };
  const tool = { name: 'greet', description: 'Greet', text: 'Hello {who}', inputSchema };
  fs.writeFileSync(file, JSON.stringify({ tools: [tool] }));
  const { child, exited } = await start(t, port, dir, '--config', file, '--workers', '1', '--threads', '4');
  const list = await rpc(`http://127.0.0.1:${port}/mcp`, 'tools/list');
  assert.equal(list.json.result.tools[0].name, 'greet');
  child.kill('SIGTERM');
  assert.equal(await exited, 0);
});

test('quickstart says what it does not understand', () => {
  for (const args of [['--port', '99999'], ['--port', 'x'], ['--proxy', 'caddy'], ['--what'], ['--dir']]) {
    const { status, stderr } = spawnSync(quickstart, args, { encoding: 'utf8' });
    assert.notEqual(status, 0, args.join(' '));
    assert.match(stderr, /quickstart/, args.join(' '));
  }
});

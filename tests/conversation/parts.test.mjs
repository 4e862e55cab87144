// What says curl_ and what says PQ are parts of the worker that it fetches when
// its site names them, and not before.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { bin, makeDirectory, makeExample } from '../lib/site.mjs';
import { startStack } from '../lib/stack.mjs';

const LIBRARIES = /lib(curl|pq)\b/;
const skip = ['http.so', 'postgres.so'].every((name) => fs.existsSync(path.join(bin, name))) ? false : 'built without libcurl or libpq';
if (skip && process.env.CI) throw new Error(skip);

const mapped = (program) => fs.readFileSync(`/proc/${program.pid}/maps`, 'utf8');
const http = { name: 'ask', description: 'x', http: { url: 'http://127.0.0.1:9/' } };
const naming = (all) => ({ ...all, tools: [...all.tools, http] });
const storing = (all) => ({ ...all, databases: { ...all.databases, far: { url: 'postgresql://127.0.0.1:9/none' } } });

test('a worker whose site asks no back end and no PostgreSQL has neither library in it', { skip }, async (t) => {
  const stack = await startStack(t, {});
  assert.doesNotMatch(mapped(stack.workers[0]), LIBRARIES);
});

test('a site with a back end has the one, a site on PostgreSQL the other', { skip }, async (t) => {
  const asking = await startStack(t, { change: naming });
  assert.match(mapped(asking.workers[0]), /libcurl\b/);
  assert.doesNotMatch(mapped(asking.workers[0]), /libpq\b/);
  const kept = await startStack(t, { change: storing });
  assert.match(mapped(kept.workers[0]), /libpq\b/);
  assert.doesNotMatch(mapped(kept.workers[0]), /libcurl\b/);
});

// A worker of its own directory, beside which stands what @bytes makes of the
// part. -> what --check says
function check(t, change, name, bytes) {
  const dir = makeDirectory(t);
  const config = makeExample(dir, change);
  fs.copyFileSync(path.join(bin, 'mcp-fcgi'), path.join(dir, 'mcp-fcgi'));
  fs.copyFileSync(path.join(bin, 'mcp-exec'), path.join(dir, 'mcp-exec'));
  fs.writeFileSync(path.join(dir, name), bytes(fs.readFileSync(path.join(bin, name), 'latin1')), { encoding: 'latin1', mode: 0o755 });
  try {
    return execFileSync(path.join(dir, 'mcp-fcgi'), ['--check', config], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    assert.equal(error.status, 1);
    return error.stderr;
  }
}

const version = execFileSync(path.join(bin, 'mcp-fcgi'), ['--version'], { encoding: 'utf8' }).trim().split(' ')[1];
const older = (text) => text.replaceAll(`\0${version}\0`, `\0${version.replace(/\d/g, '9')}\0`);

for (const [name, change] of [['http.so', naming], ['postgres.so', storing]]) {
  test(`${name} is taken as it was built`, { skip }, (t) => {
    assert.match(check(t, change, name, (text) => text), /: \d+ tools/);
  });

  test(`${name} of another version, or what is none, is a problem and no crash`, { skip }, (t) => {
    assert.match(check(t, change, name, older), /this site needs .*another version of mcp-fcgi/);
    assert.match(check(t, change, name, () => 'nonsense'), /this site needs .* cannot be loaded: .*(short|invalid|header)/);
    assert.doesNotMatch(check(t, (all) => all, name, () => 'nonsense'), /this site needs/);
  });
}

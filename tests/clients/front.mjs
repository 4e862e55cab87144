// I am nginx before workers that have a socket each: every request goes to the
// next one, so that no two in a row meet the same process.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { request } from '../lib/http.mjs';
import { freePort, top } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';

// The shipped files as they are; but where the workers listen is for a site to
// say, and this one says it four times.
function writeUpstreams(stack) {
  const file = path.join(stack.dir, 'upstreams.conf');
  const servers = stack.workers.map(({ socket }) => `  server unix:${socket} max_fails=0;\n`);
  const workers = `upstream mcp_workers {\n  zone mcp_workers 64k;\n${servers.join('')}}\n`;
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/upstream mcp_workers \{[^}]*\}\n/, workers));
}

// options: as of startStack(). -> the stack, with .url and .mcp
export async function startFront(t, options) {
  const ends = [];
  const owner = { after: (end) => ends.push(end), get passed() { return t.passed; } };
  t.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const stack = await startStack(owner, options);
  const port = await freePort();
  const words = execFileSync(path.join(top, 'proxy-configs/make-site'), ['nginx', String(port), stack.dir], { encoding: 'utf8' });
  writeUpstreams(stack);
  const [program, ...args] = words.trimEnd().split('\n');
  const nginx = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => nginx.on('exit', resolve));
  ends.push(async () => {
    nginx.kill('SIGTERM');
    await ended;
  });
  stack.url = `http://127.0.0.1:${port}`;
  stack.mcp = `${stack.url}/mcp`;
  await until('nginx answers', () => request(stack.mcp).catch(() => null));
  return stack;
}

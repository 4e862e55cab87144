// I run the official conformance suite, and the server it is run against.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, readConfig } from '../lib/site.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const suite = path.join(here, '../node_modules/@modelcontextprotocol/conformance/dist/index.js');

// What mcp.json beside this file says, with the plugin of the build under test.
export function config() {
  const plugins = [path.join(bin, 'tests/conformance/conformance.so')];
  return { ...readConfig(path.join(here, 'mcp.json')), plugins };
}

// -> { status, text }, once it has ended
export function runSuite(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [suite, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const out of [child.stdout, child.stderr]) out.on('data', (bytes) => (text += bytes));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

// I am the MCP Inspector on the command line: one process a question, over both
// transports. It says 0 when a result is an error, so I look at what it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lacks, startSite } from '../lib/site.mjs';

const INSPECTOR = fileURLToPath(import.meta.resolve('@modelcontextprotocol/inspector/cli/build/cli.js'));
const AT_ONCE = 2; // each question is two processes of Node

// -> { status, json, stderr }; words: --method and what belongs to it
function inspect(site, url, words) {
  const args = [INSPECTOR, '--cli', url, ...words];
  const options = {
    cwd: path.join(site.dir, 'www'), // a package.json above it would mislead it
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` },
    timeout: 30000,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      let json;
      try {
        json = JSON.parse(stdout);
      } catch {
        // not JSON: the caller looks at stderr
      }
      resolve({ status: error ? (error.code ?? error.signal) : 0, json, stderr });
    });
  });
}

const call = (tool, ...args) => ['--method', 'tools/call', '--tool-name', tool, ...args];

// words, and what must come of them
const questions = {
  'lists the tools': [
    ['--method', 'tools/list'],
    ({ tools }) => {
      assert.deepEqual(
        tools.map((tool) => tool.name),
        ['get_client', 'search_clients', 'count_clients'],
      );
      assert.equal(tools[0].inputSchema.type, 'object');
    },
  ],
  'finds a client': [
    call('get_client', '--tool-arg', 'email=test@example.com'),
    ({ content, isError }) => {
      assert.notEqual(isError, true);
      assert.equal(JSON.parse(content[0].text).name, 'Test Client');
    },
  ],
  'is told that an argument is missing': [
    call('get_client'),
    ({ content, isError }) => {
      assert.equal(isError, true);
      assert.match(content[0].text, /email/);
    },
  ],
  'lists the resources': [
    ['--method', 'resources/list'],
    ({ resources }) =>
      assert.deepEqual(
        resources.map((resource) => resource.uri),
        ['crm://clients', 'docs://handbook'],
      ),
  ],
  'gets a prompt': [
    ['--method', 'prompts/get', '--prompt-name', 'client_summary', '--prompt-args', 'client_email=test@example.com'],
    ({ messages }) => assert.match(messages[0].content.text, /^Name: Test Client$/m),
  ],
};

async function ask(site, url, words, check) {
  const { status, json, stderr } = await inspect(site, url, words);
  assert.equal(status, 0, stderr);
  assert.ok(json, 'it prints JSON');
  check(json);
}

async function askUnknownTool(site, url) {
  const { status, stderr } = await inspect(site, url, call('sell_client'));
  assert.equal(status, 1);
  assert.match(stderr, /-32602.*sell_client/);
}

for (const proxy of ['nginx', 'apache']) {
  test(`through ${proxy}`, { skip: lacks(proxy), concurrency: AT_ONCE }, async (t) => {
    const site = await startSite(t, { proxy });
    const asked = [];
    for (const url of [`${site.mcp}/sse`, site.mcp]) {
      const at = new URL(url).pathname;
      for (const [sentence, [words, check]] of Object.entries(questions)) {
        asked.push(t.test(`the Inspector at ${at} ${sentence}`, () => ask(site, url, words, check)));
      }
      asked.push(t.test(`the Inspector at ${at} is refused an unknown tool`, () => askUnknownTool(site, url)));
    }
    await Promise.all(asked);
  });
}

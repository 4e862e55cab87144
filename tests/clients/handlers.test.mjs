// One configuration with every kind of handler, behind nginx, used by the
// official clients of both eras.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Back } from '../lib/back.mjs';
import { bin, lacks, startSite } from '../lib/site.mjs';

const word = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };

function addTools(config, back) {
  config.plugins = [path.join(bin, 'tests/conversation/fixture/fixture.so')];
  config.tools.push(
    {
      name: 'pages',
      description: 'Numbers, two at a time',
      sql: { database: 'crm', query: 'SELECT value AS n FROM json_each(\'[1,2,3,4,5]\')', result: 'rows', max_rows: 2 },
    },
    { name: 'count_words', description: 'Counts words', inputSchema: word, exec: { argv: ['/usr/bin/wc', '-w'], stdin: '{text}' } },
    {
      name: 'as_json',
      description: 'A program that answers in JSON',
      inputSchema: word,
      outputSchema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      exec: { argv: ['/bin/sh', '-c', 'printf \'{{"n":%d}}\' "${{#TEXT}}"'], env: { TEXT: '{text}' }, output: 'json' },
    },
    { name: 'ask_app', description: 'Asks the application', inputSchema: word, http: { url: `${back.url}/say/{text}`, query: { q: '{text}' } } },
  );
  return config;
}

const clients = {
  'SDK 2.x': async (t, site) => {
    const client = new ModernClient({ name: 'tests', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new ModernTransport(new URL(site.mcp)));
    t.after(() => client.close());
    return client;
  },
  'SDK 1.x': async (t, site) => {
    const client = new Client({ name: 'tests', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(site.mcp)));
    t.after(() => client.close());
    return client;
  },
};

for (const [name, connect] of Object.entries(clients)) {
  test(`${name}: a statement, a program, the application and a plugin`, { skip: lacks('nginx') }, async (t) => {
    const back = await Back.start(t);
    back.on('/say/', ({ url }, res) => res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ url })));
    const site = await startSite(t, { proxy: 'nginx', config: (config) => addTools(config, back) });
    const client = await connect(t, site);
    const { tools } = await client.listTools(); // from here on it checks results by their schemas
    assert.ok(tools.find((one) => one.name === 'get_client').outputSchema);
    const call = async (tool, args = {}) => {
      const result = await client.callTool({ name: tool, arguments: args });
      assert.notEqual(result.isError, true, JSON.stringify(result));
      return result;
    };
    assert.equal((await call('get_client', { email: 'test@example.com' })).structuredContent.email, 'test@example.com');
    assert.match((await call('get_client', { email: 'nobody@example.com' })).content[0].text, /not found/);
    const seen = [];
    for (let cursor; seen.length < 5;) {
      const { rows, nextCursor } = (await call('pages', cursor ? { cursor } : {})).structuredContent;
      seen.push(...rows.map((row) => row.n));
      cursor = nextCursor;
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    assert.equal((await call('count_words', { text: 'one two three' })).content[0].text.trim(), '3');
    assert.deepEqual((await call('as_json', { text: 'four' })).structuredContent, { n: 4 });
    assert.deepEqual((await call('ask_app', { text: 'a/b ü' })).structuredContent, { url: '/say/a%2Fb%20%C3%BC?q=a%2Fb%20%C3%BC' });
    assert.deepEqual(JSON.parse((await call('echo', { v: 1 })).content[0].text), { v: 1 });
    const failed = await client.callTool({ name: 'count_words', arguments: {} });
    assert.equal(failed.isError, true);
    assert.match(failed.content[0].text, /text/);
  });
}

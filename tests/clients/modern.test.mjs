// I am the official TypeScript SDK 2.x, which speaks 2026-07-28: no session, no
// stream of its own, and what a tool asks me comes back as a result.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { bin, lacks, startSite } from '../lib/site.mjs';
import { Arrivals } from '../lib/sse.mjs';

const REVISION = '2026-07-28';
const config = {
  server: { name: 'modern', version: '1.0.0' },
  plugins: ['tests/conformance/conformance.so', 'examples/plugin.so'].map((name) => path.join(bin, name)),
};

const all = { elicitation: {}, sampling: {}, roots: {} };
const roots = [{ uri: 'file:///home/ada', name: 'home' }];
const sampled = { role: 'assistant', model: 'test-model', content: { type: 'text', text: 'Paris' } };

// What a user answers who knows what they are asked for.
const filledIn = { name: 'Ada', colour: 'blue', ok: true, language: 'German', context: 'summer' };
function fillIn({ params }) {
  const names = Object.keys(params.requestedSchema.properties);
  return { action: 'accept', content: Object.fromEntries(names.map((name) => [name, filledIn[name]])) };
}

// A connected client. posts: { method, headers, params, status } of each POST;
// asked: what was asked of it; errors: what the SDK surfaced. elicit, sample:
// its answers, which may be replaced.
async function connect(t, site, mode, { capabilities = all, ...options } = {}) {
  const peer = { posts: [], asked: [], errors: [], elicit: fillIn, sample: () => sampled };
  const client = new Client(
    { name: 'tests', version: '1.0.0' },
    { capabilities, versionNegotiation: { mode }, ...options },
  );
  const handlers = {
    'elicitation/create': ['elicitation', (request) => peer.elicit(request)],
    'sampling/createMessage': ['sampling', (request) => peer.sample(request)],
    'roots/list': ['roots', () => ({ roots })],
  };
  for (const [method, [capability, answer]] of Object.entries(handlers)) {
    if (!capabilities[capability]) continue;
    client.setRequestHandler(method, (request) => {
      peer.asked.push(method);
      return answer(request);
    });
  }
  const transport = new StreamableHTTPClientTransport(new URL(site.mcp), {
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      const message = init.body ? JSON.parse(init.body) : {};
      peer.posts.push({ ...message, headers: new Headers(init.headers), verb: init.method, status: answer.status });
      return answer;
    },
  });
  client.onerror = (error) => peer.errors.push(error);
  t.after(() => client.close());
  await client.connect(transport);
  return Object.assign(peer, { client });
}

async function say(client, name, args) {
  const { content, isError } = await client.callTool({ name, arguments: args });
  assert.notEqual(isError, true, JSON.stringify(content));
  return content.map((part) => part.text);
}

function calls({ posts }) {
  return posts.filter(({ method }) => method === 'tools/call');
}

function refusal(code, data) {
  return (error) => {
    assert.ok(error instanceof ProtocolError, `${error}`);
    assert.equal(error.code, code);
    if (data) assert.deepEqual(error.data, data);
    return true;
  };
}

// What is the same however the revision was found: a sentence, and its meaning.
const sentences = {
  'finds the revision, and needs no handshake': ({ client, posts }) => {
    assert.equal(client.getProtocolEra(), 'modern');
    assert.equal(client.getNegotiatedProtocolVersion(), REVISION);
    assert.deepEqual(client.getServerVersion(), { name: 'modern', version: '1.0.0' });
    assert.deepEqual(
      posts.map(({ method, status }) => ({ method, status })),
      [{ method: 'server/discover', status: 200 }],
    );
  },

  'lists what there is': async ({ client }) => {
    const { tools } = await client.listTools();
    assert.equal(tools[0].name, 'test_simple_text');
    assert.ok(tools.some(({ name }) => name === 'welcome'));
    const { resources } = await client.listResources();
    assert.equal(resources[0].uri, 'test://static-text');
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.equal(resourceTemplates[0].uriTemplate, 'test://template/{id}/data');
    const { prompts } = await client.listPrompts();
    assert.equal(prompts[0].name, 'test_simple_prompt');
  },

  'calls a tool': async ({ client }) => {
    assert.deepEqual(await say(client, 'test_simple_text'), ['This is a simple text response for testing.']);
  },

  'is told of a failure in a result': async ({ client }) => {
    const { isError } = await client.callTool({ name: 'test_error_handling' });
    assert.equal(isError, true);
  },

  'hears of progress before the result': async ({ client }) => {
    const heard = [];
    const onprogress = ({ progress, total }) => heard.push(`${progress}/${total}`);
    await client.callTool({ name: 'test_tool_with_progress' }, { onprogress });
    assert.deepEqual(heard, ['0/100', '50/100', '100/100']);
  },

  'reads, also through a template': async ({ client }) => {
    const text = await client.readResource({ uri: 'test://static-text' });
    assert.equal(text.contents[0].text, 'This is the content of the static text resource.');
    const data = await client.readResource({ uri: 'test://template/a%20b/data' });
    assert.equal(JSON.parse(data.contents[0].text).id, 'a b');
    await assert.rejects(client.readResource({ uri: 'test://nothing' }), refusal(-32602, { uri: 'test://nothing' }));
  },

  'gets a prompt, and proposals for its argument': async ({ client }) => {
    const name = 'test_prompt_with_arguments';
    const { messages } = await client.getPrompt({ name, arguments: { arg1: 'one', arg2: 'two' } });
    assert.equal(messages[0].content.text, "Prompt with arguments: arg1='one', arg2='two'");
    const argument = { name: 'arg1', value: 'test' };
    const { completion } = await client.complete({ ref: { type: 'ref/prompt', name }, argument });
    assert.deepEqual(completion.values, ['testValue1', 'testValue2']);
  },

  'is asked for a form, and calls again': async (peer) => {
    assert.deepEqual(await say(peer.client, 'test_input_required_result_elicitation'), ['Hello, Ada!']);
    assert.deepEqual(peer.asked, ['elicitation/create']);
    const [first, second, ...more] = calls(peer);
    assert.equal(first.params.inputResponses, undefined);
    assert.equal(second.params.inputResponses.user_name.action, 'accept');
    assert.ok(second.params.requestState.length > 0);
    assert.deepEqual(more, []);
  },

  'is asked for a sample': async ({ client, asked }) => {
    assert.deepEqual(await say(client, 'test_sampling', { prompt: 'Capital of France?' }), ['LLM response: Paris']);
    assert.deepEqual(asked, ['sampling/createMessage']);
  },

  'is asked three things at once': async (peer) => {
    const said = await say(peer.client, 'test_input_required_result_multiple_inputs');
    assert.deepEqual(said, ['Name: Ada', 'LLM response: Paris', 'First root: file:///home/ada']);
    assert.deepEqual(peer.asked.sort(), ['elicitation/create', 'roots/list', 'sampling/createMessage']);
    assert.equal(calls(peer).length, 2);
  },

  'is asked one thing after another': async (peer) => {
    assert.deepEqual(await say(peer.client, 'test_input_required_result_multi_round'), ['Name: Ada', 'Colour: blue']);
    assert.equal(calls(peer).length, 3);
  },

  'is asked before a prompt is made': async ({ client }) => {
    const { messages } = await client.getPrompt({ name: 'test_input_required_result_prompt' });
    assert.equal(messages[0].content.text, 'Use this context: summer');
  },

  'may decline': async (peer) => {
    peer.elicit = () => ({ action: 'decline' });
    assert.deepEqual(await say(peer.client, 'welcome', { name: 'Ada' }), ['The user would rather not say']);
  },

  'is welcome in the language of its user': async ({ client }) => {
    assert.deepEqual(await say(client, 'welcome', { name: 'Grace' }), ['Guten Tag, Grace!']);
  },

  'mirrors an argument into a header': async (peer) => {
    await peer.client.listTools();
    for (const region of ['eu-west', 'Zürich', ' ', '=?base64?x?=']) {
      assert.deepEqual(await say(peer.client, 'test_x_mcp_header', { region }), [`Region: ${region}`]);
      const { headers } = calls(peer).at(-1);
      assert.equal(headers.has('mcp-param-region'), true);
      assert.equal(headers.get('mcp-param-region') === region, region === 'eu-west', 'the sentinel, where it must');
    }
    assert.deepEqual(await say(peer.client, 'test_x_mcp_header', {}), ['Region: nowhere']);
  },
};

// One who can answer nothing is refused what would ask, before it runs.
async function cannotAnswer(t, site, mode) {
  const { client } = await connect(t, site, mode, { capabilities: {} });
  const needs = {
    test_input_required_result_elicitation: { elicitation: {} },
    test_missing_capability: { sampling: {} },
    test_input_required_result_list_roots: { roots: {} },
  };
  for (const [name, requiredCapabilities] of Object.entries(needs)) {
    await assert.rejects(client.callTool({ name }), refusal(-32021, { requiredCapabilities }));
  }
}

// Somebody else, in a process of their own, calls a tool.
async function callElsewhere(site, name) {
  const script = `
    import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
    const client = new Client({ name: 'elsewhere', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[1])));
    const { isError } = await client.callTool({ name: process.argv[2] });
    await client.close();
    process.exitCode = isError ? 1 : 0;`;
  const args = ['--input-type=module', '-e', script, site.mcp, name];
  await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
}

// Changes are told on a stream that was opened for them, and only those.
async function hearChanges(t, site, mode) {
  const heard = new Arrivals();
  const on = (list) => ({ autoRefresh: true, debounceMs: 0, onChanged: (error, items) => heard.push({ list, error, items }) });
  const { client, errors } = await connect(t, site, mode, { listChanged: { tools: on('tools') } });
  const subscription = client.autoOpenedSubscription;
  assert.deepEqual(subscription.honoredFilter, { toolsListChanged: true });

  await callElsewhere(site, 'test_trigger_prompt_change'); // nobody asked for that
  await callElsewhere(site, 'test_trigger_tool_change');
  const { list, error, items } = await heard.next();
  assert.equal(error, null);
  assert.equal(list, 'tools');
  assert.equal(items[0].name, 'test_simple_text');
  assert.equal(heard.all.length, 1);

  await subscription.close();
  assert.equal(await subscription.closed, 'local');
  assert.deepEqual(errors, []);
}

// While the user thinks, every worker dies: others run the tool to its end.
async function outliveWorkers(t, site, mode) {
  const peer = await connect(t, site, mode);
  peer.elicit = async (request) => {
    await site.kill('worker 1');
    await site.kill('worker 2');
    return fillIn(request);
  };
  assert.deepEqual(await say(peer.client, 'test_input_required_result_multi_round'), ['Name: Ada', 'Colour: blue']);
  assert.deepEqual(peer.errors, []);
}

async function speak(t, site, mode) {
  for (const [sentence, check] of Object.entries(sentences)) {
    await t.test(sentence, async (t) => {
      const peer = await connect(t, site, mode);
      await check(peer);
      assert.deepEqual(peer.errors, []);
      assert.ok(peer.posts.every(({ headers }) => headers.get('mcp-protocol-version') === REVISION));
      assert.ok(peer.posts.every(({ headers }) => !headers.has('mcp-session-id')));
    });
  }
  await t.test('cannot be asked what it cannot answer', (t) => cannotAnswer(t, site, mode));
  await t.test('hears of changes', (t) => hearChanges(t, site, mode));
}

for (const proxy of ['nginx', 'apache']) {
  test(`through ${proxy}`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy, config });
    await t.test('the SDK that finds the revision', (t) => speak(t, site, 'auto'));
    await t.test('the SDK that insists on it', (t) => speak(t, site, { pin: REVISION }));
    await t.test('the SDK outlives the workers', (t) => outliveWorkers(t, site, 'auto'));
  });
}

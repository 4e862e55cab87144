// I am the official TypeScript SDK 1.x, over both transports it has, and expect
// what any server of its own kind would give me.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { lacks, startSite } from '../lib/site.mjs';
import { Arrivals } from '../lib/sse.mjs';

const SSE = 'HTTP+SSE';
const HTTP = 'Streamable HTTP';

const CLIENT = {
  id: 1,
  name: 'Test Client',
  email: 'test@example.com',
  created_at: '2025-06-21T08:31:48Z',
};
const NOBODY = 'nobody@example.com';

// A connected client. errors: what the SDK surfaced; answers: each answer's
// { method, status, type }, as it comes; cut(): ends the open stream as a
// failing network would; endpoint(): waits for the next one on the stream.
async function connect(t, site, name) {
  const answers = new Arrivals();
  const client = new Client({ name: 'tests', version: '1.0.0' });
  const peer = { client, answers, errors: [] };

  const options = {
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      const type = answer.headers.get('content-type');
      answers.push({ method: init.method ?? 'GET', status: answer.status, type });
      if (answer.status !== 200 || type !== 'text/event-stream') return answer;
      const pipe = new TransformStream({ start: (one) => (peer.cut = () => one.terminate()) });
      return new Response(answer.body.pipeThrough(pipe), answer);
    },
  };
  peer.transport =
    name === SSE
      ? new SSEClientTransport(new URL(`${site.mcp}/sse`), options)
      : new StreamableHTTPClientTransport(new URL(site.mcp), options);
  peer.endpoint = () =>
    new Promise((resolve) => {
      // behind the SDK's own listener
      peer.transport._eventSource.addEventListener('endpoint', ({ data }) => resolve(data), { once: true });
    });
  client.onerror = (error) => peer.errors.push(error);
  t.after(() => client.close());
  await client.connect(peer.transport);
  return peer;
}

function getClient(client, args) {
  return client.callTool({ name: 'get_client', arguments: args });
}

// one JSON-RPC error, as the SDK throws it
function refusal(code, message) {
  return (error) => {
    assert.ok(error instanceof McpError, `${error}`);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

const opened = (one) => one.method === 'GET' && one.status === 200;

// What is the same over both transports: a sentence, and what it means.
const both = {
  'connects, and is told who this is': ({ client, transport }, name) => {
    assert.deepEqual(client.getServerVersion(), { name: 'example-crm', title: 'Example CRM', version: '1.0.0' });
    assert.deepEqual(client.getServerCapabilities(), {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      logging: {},
    });
    assert.equal(client.getInstructions(), 'Look clients up before you write to them.');
    if (name === HTTP) assert.match(transport.sessionId, /^[\x21-\x7e]{1,160}$/);
  },

  'pings': async ({ client }) => {
    assert.deepEqual(await client.ping(), {});
  },

  'lists the tools': async ({ client }) => {
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map((tool) => tool.name),
      ['get_client', 'search_clients', 'count_clients'],
    );
    assert.equal(tools[0].title, 'Get client');
    assert.deepEqual(tools[0].inputSchema.required, ['email']);
    assert.deepEqual(tools[0].annotations, { readOnlyHint: true });
  },

  'finds a client': async ({ client }) => {
    const result = await getClient(client, { email: CLIENT.email });
    assert.notEqual(result.isError, true);
    assert.equal(result.content.length, 1);
    assert.equal(result.content[0].type, 'text');
    assert.deepEqual(JSON.parse(result.content[0].text), CLIENT);
    assert.deepEqual(result.structuredContent, CLIENT);
  },

  'finds nobody, which is no error': async ({ client }) => {
    const result = await getClient(client, { email: NOBODY });
    assert.notEqual(result.isError, true);
    assert.deepEqual(result.content, [{ type: 'text', text: `Client with email ${NOBODY} not found` }]);
  },

  'is told of wrong arguments in a result': async ({ client }) => {
    for (const args of [{}, { email: 5 }]) {
      const result = await getClient(client, args);
      assert.equal(result.isError, true);
      assert.match(result.content[0].text, /email/);
    }
  },

  'is refused an unknown tool': async ({ client }) => {
    await assert.rejects(client.callTool({ name: 'sell_client' }), refusal(-32602, /sell_client/));
  },

  'lists and reads resources': async ({ client }) => {
    const { resources } = await client.listResources();
    assert.deepEqual(
      resources.map((resource) => resource.uri),
      ['crm://clients', 'docs://handbook'],
    );
    const { contents } = await client.readResource({ uri: 'crm://clients' });
    assert.equal(contents[0].uri, 'crm://clients');
    assert.equal(contents[0].mimeType, 'application/json');
    const rows = JSON.parse(contents[0].text);
    assert.equal(rows.length, 100);
    assert.deepEqual(rows[0], { name: CLIENT.name, email: CLIENT.email });
    const handbook = await client.readResource({ uri: 'docs://handbook' });
    assert.match(handbook.contents[0].text, /^# Handbook\n/);
  },

  'reads through a template': async ({ client }) => {
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.deepEqual(
      resourceTemplates.map((template) => template.uriTemplate),
      ['crm://clients/{id}'],
    );
    const { contents } = await client.readResource({ uri: 'crm://clients/1' });
    assert.equal(contents[0].uri, 'crm://clients/1');
    assert.equal(JSON.parse(contents[0].text).email, CLIENT.email);
  },

  'is refused resources that are not there': async ({ client }) => {
    for (const uri of ['crm://clients/999999', 'crm://nothing']) {
      await assert.rejects(client.readResource({ uri }), (error) => {
        assert.deepEqual(error.data, { uri });
        return refusal(-32602, /./)(error);
      });
    }
  },

  'lists and gets prompts': async ({ client }) => {
    const { prompts } = await client.listPrompts();
    assert.equal(prompts.length, 1);
    assert.equal(prompts[0].name, 'client_summary');
    assert.equal(prompts[0].arguments[0].required, true);
    const { messages } = await client.getPrompt({
      name: 'client_summary',
      arguments: { client_email: CLIENT.email },
    });
    assert.equal(messages.length, 1);
    assert.equal(messages[0].role, 'user');
    assert.match(messages[0].content.text, /^Name: Test Client$/m);
  },

  'is refused prompts that cannot be made': async ({ client }) => {
    const prompt = (name, args) => client.getPrompt({ name, arguments: args });
    const unknown = { client_email: NOBODY };
    await assert.rejects(prompt('client_summary', unknown), refusal(-32602, /nobody@example\.com not found/));
    await assert.rejects(prompt('client_summary', {}), refusal(-32602, /client_email/));
    await assert.rejects(prompt('client_obituary', unknown), refusal(-32602, /client_obituary/));
  },

  'asks for what is not offered': async ({ client }) => {
    const call = client.request({ method: 'clients/steal' }, { parse: (value) => value });
    await assert.rejects(call, refusal(-32601, /./));
  },

  'makes 40 calls at once, and none gets another\'s answer': async ({ client }) => {
    const ids = Array.from({ length: 40 }, (_, n) => n + 1);
    const answers = await Promise.all(ids.map((id) => client.readResource({ uri: `crm://clients/${id}` })));
    assert.deepEqual(
      answers.map(({ contents }) => JSON.parse(contents[0].text).id),
      ids,
    );
  },
};

// What one transport alone has; each with a client of its own.
const own = {
  [SSE]: {
    'has every POST accepted, and the answer on the stream': async ({ client, answers }) => {
      await client.ping();
      const seen = [];
      while (seen.length < 4) {
        const { method, status, type } = await answers.next();
        seen.push({ method, status, type });
      }
      assert.deepEqual(seen, [
        { method: 'GET', status: 200, type: 'text/event-stream' },
        { method: 'POST', status: 202, type: null }, // initialize
        { method: 'POST', status: 202, type: null }, // notifications/initialized
        { method: 'POST', status: 202, type: null }, // ping
      ]);
    },

    'connects itself again, and goes on without initialize': async ({ client, cut, endpoint, errors, answers }) => {
      const again = endpoint();
      cut();
      await again;
      assert.deepEqual(await client.ping(), {});
      const result = await getClient(client, { email: CLIENT.email });
      assert.equal(result.structuredContent.id, CLIENT.id);
      assert.equal(answers.all.filter(opened).length, 2);
      assert.equal(errors.length, 1); // that the stream ended, nothing after it
      errors.length = 0;
    },
  },

  [HTTP]: {
    'has its GET stream opened': async ({ answers }) => {
      const stream = await answers.next((one) => one.method === 'GET');
      assert.equal(stream.status, 200);
      assert.equal(stream.type, 'text/event-stream');
    },

    'opens its GET stream again after a cut': async (peer) => {
      await peer.answers.next(opened);
      peer.cut();
      await peer.answers.next(opened, 10000);
      assert.deepEqual(await peer.client.ping(), {});
    },

    'ends its session, which is gone then': async ({ client, transport, answers, errors }) => {
      await answers.next(opened);
      const id = transport.sessionId;
      await transport.terminateSession();
      assert.equal(transport.sessionId, undefined);
      assert.ok([200, 202, 204].includes((await answers.next((one) => one.method === 'DELETE')).status));
      transport._sessionId = id; // as one who has not heard of it
      await assert.rejects(client.ping(), { code: 404 });
      transport._sessionId = undefined;
      errors.length = 0;
    },

    'takes up a session where another left it': async ({ transport }, site, t) => {
      const answers = [];
      const next = new StreamableHTTPClientTransport(new URL(site.mcp), { sessionId: transport.sessionId });
      next.setProtocolVersion(transport.protocolVersion);
      next.onmessage = (message) => answers.push(message);
      t.after(() => next.close());
      await next.start();
      await next.send({ jsonrpc: '2.0', id: 'x', method: 'ping' });
      assert.deepEqual(answers, [{ jsonrpc: '2.0', id: 'x', result: {} }]);
    },
  },
};

async function speak(t, site, name) {
  const peer = await connect(t, site, name);
  for (const [sentence, check] of Object.entries(both)) {
    await t.test(sentence, () => check(peer, name));
  }
  await t.test('has seen no error', () => assert.deepEqual(peer.errors, []));

  const alone = Object.entries(own[name]).map(([sentence, check]) =>
    t.test(sentence, async (t) => {
      const peer = await connect(t, site, name);
      await check(peer, site, t);
      assert.deepEqual(peer.errors, []);
    }),
  );
  await Promise.all(alone);

  await t.test('is two, and each hears its own', async (t) => {
    const two = [await connect(t, site, name), await connect(t, site, name)];
    const rounds = Array.from({ length: 10 }, (_, round) =>
      Promise.all(
        two.map(async ({ client }, n) => {
          const { contents } = await client.readResource({ uri: `crm://clients/${1 + 2 * round + n}` });
          return JSON.parse(contents[0].text).id;
        }),
      ),
    );
    for (const [round, ids] of (await Promise.all(rounds)).entries()) {
      assert.deepEqual(ids, [1 + 2 * round, 2 + 2 * round]);
    }
    for (const { errors } of two) assert.deepEqual(errors, []);
  });
}

// Every worker dies: who has an open stream or a session does not notice.
async function outliveWorkers(t, site) {
  const sse = await connect(t, site, SSE);
  const http = await connect(t, site, HTTP);
  await http.answers.next(opened);
  await site.kill('worker 1');
  await site.kill('worker 2');
  for (const { client, answers, errors } of [sse, http]) {
    const { contents } = await client.readResource({ uri: 'crm://clients/1' });
    assert.equal(JSON.parse(contents[0].text).email, CLIENT.email);
    assert.equal(answers.all.filter(opened).length, 1);
    assert.deepEqual(errors, []);
  }
}

// The broker dies: a stream breaks, no client does.
async function outliveBroker(t, site) {
  const sse = await connect(t, site, SSE);
  const http = await connect(t, site, HTTP);
  await http.answers.next(opened);
  const again = sse.endpoint();
  await site.kill('broker');
  assert.deepEqual(await http.client.ping(), {}, 'a session needs no broker');
  await again;
  assert.deepEqual(await sse.client.ping(), {});
  await http.answers.next(opened, 10000);
  assert.deepEqual(await http.client.ping(), {});
}

for (const proxy of ['nginx', 'apache']) {
  test(`through ${proxy}`, { skip: lacks(proxy), concurrency: true }, async (t) => {
    const site = await startSite(t, { proxy });
    await Promise.all(
      [SSE, HTTP].map((name) => t.test(`over ${name} the SDK`, { concurrency: true }, (t) => speak(t, site, name))),
    );
  });

  test(`through ${proxy}, with one program dying`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });
    await t.test('the SDK outlives the workers', (t) => outliveWorkers(t, site));
    await t.test('the SDK outlives the broker', (t) => outliveBroker(t, site));
  });
}

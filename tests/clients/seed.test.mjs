// I am the seed's JavaScript client, written anew after its description: an
// EventSource, fetch, and the id in the body.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSource } from 'eventsource';
import { lacks, startSite } from '../lib/site.mjs';
import { Arrivals } from '../lib/sse.mjs';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

class SeedClient {
  events = new Arrivals(); // { event, data }, data parsed
  errors = 0; // how often onerror was called
  #id = 1;
  #waiting = new Map(); // by id

  // Resolves when connected.
  static async connect(t, site) {
    const client = new SeedClient(site);
    t.after(() => client.source.close());
    await client.connected();
    return client;
  }

  constructor(site) {
    this.site = site;
    this.source = new EventSource(`${site.mcp}/sse`, { fetch: (url, init) => this.#open(url, init) });
    for (const event of ['connected', 'heartbeat', 'mcp_response', 'message']) {
      this.source.addEventListener(event, ({ data }) => this.events.push({ event, data: JSON.parse(data) }));
    }
    this.source.addEventListener('mcp_response', ({ data }) => {
      const answer = JSON.parse(data);
      this.#waiting.get(answer.id)?.(answer);
    });
    this.source.onerror = () => this.errors++;
  }

  // cut(): the network fails
  async #open(url, init) {
    const answer = await fetch(url, init);
    if (answer.status !== 200) return answer;
    const pipe = new TransformStream({ start: (one) => (this.cut = () => one.terminate()) });
    const body = answer.body.pipeThrough(pipe);
    return { body, url: answer.url, status: 200, redirected: false, headers: answer.headers };
  }

  async connected() {
    const { data } = await this.events.next('connected', 10000);
    this.connectionId = data.connection_id;
    return data;
  }

  // -> { status, body } of the acknowledgement
  async post(text) {
    const answer = await fetch(`${this.site.mcp}/sse/message`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: typeof text === 'string' ? text : JSON.stringify(text),
    });
    return { status: answer.status, body: await answer.json() };
  }

  // -> the answer on the stream
  async send(method, params = {}) {
    const id = this.#id++;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    const sent = await this.post({ jsonrpc: '2.0', method, params, id, connection_id: this.connectionId });
    assert.equal(sent.status, 200);
    assert.deepEqual(Object.keys(sent.body), ['status', 'timestamp']);
    assert.equal(sent.body.status, 'sent');
    assert.match(sent.body.timestamp, TIME);
    return answer;
  }

  answers() {
    return this.events.all.filter(({ event }) => event === 'mcp_response');
  }

  get(email) {
    return this.send('tools/call', { name: 'get_client', arguments: { email } });
  }
}

const tests = {
  'is connected, and hears a heartbeat at once': async (t, site) => {
    const client = new SeedClient(site);
    t.after(() => client.source.close());
    const hello = await client.connected();
    assert.equal(hello.type, 'connection_established');
    assert.match(hello.connection_id, UUID);
    assert.match(hello.timestamp, TIME);
    assert.deepEqual(hello.server_info, {
      name: 'example-crm',
      version: '1.0.0',
      protocol_version: '2024-11-05',
    });
    const beat = await client.events.next('heartbeat');
    assert.equal(beat.data.type, 'heartbeat');
    assert.match(beat.data.timestamp, TIME);
    assert.equal(client.errors, 0);
  },

  'initializes, lists, and calls': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    const hello = await client.send('initialize', {
      protocolVersion: '2024-11-05',
      capabilities: {},
      clientInfo: { name: 'seed', version: '1.0.0' },
    });
    assert.equal(hello.result.protocolVersion, '2024-11-05');
    assert.equal(hello.result.serverInfo.name, 'example-crm');

    const list = await client.send('tools/list');
    assert.equal(list.jsonrpc, '2.0');
    assert.equal(list.result.tools[0].name, 'get_client');
    assert.deepEqual(list.result.tools[0].inputSchema.required, ['email']);

    const found = await client.get('test@example.com');
    assert.deepEqual(Object.keys(found.result), ['content']);
    assert.deepEqual(JSON.parse(found.result.content[0].text), {
      id: 1,
      name: 'Test Client',
      email: 'test@example.com',
      created_at: '2025-06-21T08:31:48Z',
    });

    const missed = await client.get('nobody@example.com');
    assert.deepEqual(missed.result, {
      content: [{ type: 'text', text: 'Client with email nobody@example.com not found' }],
    });

    const resources = await client.send('resources/list');
    assert.equal(resources.result.resources[0].uri, 'crm://clients');
    const prompt = await client.send('prompts/get', {
      name: 'client_summary',
      arguments: { client_email: 'test@example.com' },
    });
    assert.equal(prompt.result.messages.length, 1);
    assert.equal(client.errors, 0);
  },

  'needs no initialize': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    assert.match((await client.get('test@example.com')).result.content[0].text, /Test Client/);
  },

  'gets errors as answers too': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    assert.equal((await client.send('tools/call', { name: 'sell_client' })).error.code, -32602);
    assert.equal((await client.send('clients/steal')).error.code, -32601);
    assert.equal(client.errors, 0);
  },

  'has a notification acknowledged, and not answered': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    const note = { jsonrpc: '2.0', method: 'notifications/initialized', connection_id: client.connectionId };
    assert.equal((await client.post(note)).body.status, 'sent');
    await client.send('ping');
    assert.equal(client.answers().length, 1);
  },

  'is told 400 where the id is unknown, missing or no id': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    for (const connection_id of ['7b0a7f2c-95ba-4ad5-bb87-96b3d0b7c9fa', '', undefined, 7]) {
      const answer = await client.post({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {}, connection_id });
      assert.equal(answer.status, 400);
      assert.deepEqual(Object.keys(answer.body), ['error', 'timestamp']);
      assert.equal(answer.body.error, 'Invalid or missing connection_id');
      assert.match(answer.body.timestamp, TIME);
    }
    const broken = await client.post('{"jsonrpc":');
    assert.equal(broken.status, 400);
    assert.equal(broken.body.error, 'Invalid JSON');
    assert.match(broken.body.timestamp, TIME);
    await client.send('ping');
    assert.equal(client.answers().length, 1, 'the stream heard nothing of it');
    assert.equal(client.errors, 0);
  },

  'matches 30 answers by id': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    const ids = Array.from({ length: 30 }, (_, n) => n + 1);
    const answers = await Promise.all(ids.map((id) => client.send('resources/read', { uri: `crm://clients/${id}` })));
    assert.deepEqual(
      answers.map(({ result }) => JSON.parse(result.contents[0].text).id),
      ids,
    );
    assert.equal(client.answers().length, 30, 'each answer came once');
  },

  'is two, and each hears its own': async (t, site) => {
    const one = await SeedClient.connect(t, site);
    const two = await SeedClient.connect(t, site);
    assert.notEqual(one.connectionId, two.connectionId);
    const answers = await Promise.all([one.get('test@example.com'), two.get('nobody@example.com')]);
    assert.match(answers[0].result.content[0].text, /Test Client/);
    assert.match(answers[1].result.content[0].text, /not found/);
    assert.equal(one.answers().length, 1);
    assert.equal(two.answers().length, 1);
  },

  'is cut off, and misses nothing': async (t, site) => {
    const client = await SeedClient.connect(t, site);
    const id = client.connectionId;
    await client.send('ping');
    client.cut();
    const late = client.get('test@example.com'); // while nobody listens
    const again = await client.connected();
    assert.equal(again.connection_id, id);
    assert.equal(again.resumed, true);
    assert.match((await late).result.content[0].text, /Test Client/);
    await client.send('ping');
    assert.deepEqual(
      client.answers().map(({ data }) => data.id),
      [1, 2, 3],
    );
    assert.equal(client.errors, 1);
  },
};

for (const proxy of ['nginx', 'apache']) {
  test(`through ${proxy}`, { skip: lacks(proxy), concurrency: true }, async (t) => {
    const site = await startSite(t, { proxy });
    const all = Object.entries(tests).map(([sentence, run]) =>
      t.test(`the seed's client ${sentence}`, { timeout: 20000 }, (t) => run(t, site)),
    );
    await Promise.all(all);
  });
}

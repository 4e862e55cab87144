// Who may use what: what a caller may not use is not there for him, in no list
// and in no error; and what the server knows of him, he cannot say himself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, test } from 'node:test';
import { bin } from '../lib/site.mjs';
import { assertError, listen, modern, openClient, openSession, result, startFixture } from './fixture/fixture.mjs';

const PAGE = 3;
const staff = { allow: { roles: ['staff'] } };
const text = (name, more = {}) => ({ name, description: name, text: name, ...more });
const who = { owner: 'user', mine: 'roles', may: 'scopes' };
const SHOW = 'SELECT :owner AS owner, :mine AS mine, :may AS may';

const stack = await startFixture({ after }, {
  workers: 2,
  limits: { page_size: PAGE },
  change: (config) => {
    config.roles = { staff: ['ann', 'bob'], admin: ['ann'] };
    config.tools = [
      text('open'),
      text('hidden', staff),
      text('of_ann', { allow: { users: ['ann'] } }),
      text('of_eve', { allow: { users: ['eve'], roles: ['admin'] } }),
      text('of_scopes', { allow: { scopes: ['crm:read', 'crm:write'] } }),
      text('of_both', { allow: { roles: ['staff'], scopes: ['crm:read'] } }),
      text('of_named', { allow: { users: ['*'] } }),
      text('mirror', {
        ...staff,
        inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
      }),
      {
        name: 'whoami',
        description: 'Shows what is bound',
        inputSchema: { type: 'object', properties: { q: { type: 'string' } }, additionalProperties: false },
        bind: who,
        sql: { database: 'crm', query: `${SHOW}, :q AS q` },
      },
      { name: 'hello', description: 'Greets', bind: { user: 'user' }, text: 'Hello {user}!' },
      { name: 'mirrored', description: 'Shows its arguments', inputSchema: { type: 'object' }, bind: { owner: 'user' }, plugin: path.join(bin, 'tests/conversation/fixture/fixture.so') },
    ];
    config.resources = [
      { uri: 'docs://open', name: 'open', text: 'open' },
      { uri: 'docs://hidden', name: 'hidden', text: 'hidden', ...staff },
      { uri: 'who://me', name: 'me', text: '<{user}>', bind: { user: 'user' } },
    ];
    config.resourceTemplates = [
      { uriTemplate: 'vault://{id}', name: 'vault', text: 'vault {id}', complete: { id: { values: ['a'] } }, ...staff },
      { uriTemplate: 'vault://{+path}', name: 'wide', text: 'wide {path}' },
      { uriTemplate: 'mine://{id}', name: 'mine', text: '{owner} {id}', bind: { owner: 'user' } },
    ];
    config.prompts = [
      { name: 'public', description: 'p', messages: [{ role: 'user', text: 'public' }] },
      {
        name: 'hidden',
        description: 'p',
        arguments: [{ name: 'a', complete: { values: ['x'] } }],
        messages: [{ role: 'user', text: 'hidden' }],
        ...staff,
      },
      {
        name: 'mine',
        description: 'p',
        arguments: [{ name: 'a', complete: { sql: { database: 'crm', query: "SELECT :value || '/' || coalesce(:owner, 'nobody')" } } }],
        messages: [{ role: 'user', text: '{owner} says {a}' }],
        bind: { owner: 'user' },
      },
    ];
  },
});

const ann = { user: 'ann' };
const bob = { user: 'bob' };
const eve = { user: 'eve' };
const nobody = {};
const vouched = (roles, scopes = '', user = 'carl') => ({ user, params: { MCP_ROLES: roles, MCP_SCOPES: scopes } });

async function names(method, list, caller, i = 0) {
  const all = [];
  let cursor;
  do {
    const page = await result(stack, i, method, cursor === undefined ? {} : { cursor }, caller);
    all.push(...page[list].map((one) => one.name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return all.filter((name) => !FIXTURE.has(name));
}
// What the plugin registers is everybody's; it is not looked at here.
const declared = new Set(['open', 'hidden', 'of_ann', 'of_eve', 'of_scopes', 'of_both', 'of_named', 'mirror', 'whoami', 'hello', 'mirrored', 'me', 'vault', 'wide', 'mine', 'public']);
const FIXTURE = { has: (name) => !declared.has(name) };
const tools = (caller, i) => names('tools/list', 'tools', caller, i);
const call = (name, args, caller, i = 0) => modern(stack, i, 'tools/call', { name, arguments: args }, caller);
const said = async (name, args, caller) => {
  const found = await result(stack, 0, 'tools/call', { name, arguments: args }, caller);
  assert.equal(found.isError, undefined, found.content[0].text);
  return found.content[0].text;
};
const OPEN = ['open', 'whoami', 'hello', 'mirrored'];

// --- lists ---------------------------------------------------------------------------------

test('who sees what: users, roles of both kinds, scopes', async () => {
  const cases = [
    [nobody, []],
    [ann, ['hidden', 'of_ann', 'of_eve', 'of_named', 'mirror']],
    [bob, ['hidden', 'of_named', 'mirror']],
    [eve, ['of_eve', 'of_named']],
    [{ user: 'ANN' }, ['of_named']],
    [vouched('staff'), ['hidden', 'of_named', 'mirror']],
    [vouched('staff', '', ''), ['hidden', 'mirror']],
    [vouched(' other  staff ', 'crm:read'), ['hidden', 'of_both', 'of_named', 'mirror']],
    [vouched('staffing admin', 'crm:read\tcrm:write'), ['of_eve', 'of_scopes', 'of_named']],
    [vouched('', 'crm:read crm:write'), ['of_scopes', 'of_named']],
    [{ user: 'bob', params: { MCP_SCOPES: 'crm:read' } }, ['hidden', 'of_both', 'of_named', 'mirror']],
  ];
  for (const [caller, more] of cases) {
    const found = await tools(caller, 1);
    assert.deepEqual(found.toSorted(), [...OPEN, ...more].toSorted(), JSON.stringify(caller));
    for (const name of declared) {
      if (!/^(hidden|of_)/.test(name)) continue;
      const answer = await call(name, {}, caller);
      if (found.includes(name)) assert.equal(answer.json.result?.content[0].text, name);
      else assertError(answer, 200, -32602, /^Unknown tool: /);
    }
  }
});

test('resources, templates and prompts likewise, in every era', async () => {
  const lists = { 'resources/list': 'resources', 'resources/templates/list': 'resourceTemplates', 'prompts/list': 'prompts' };
  const hidden = { 'resources/list': 'hidden', 'resources/templates/list': 'vault', 'prompts/list': 'hidden' };
  for (const [method, list] of Object.entries(lists)) {
    assert.ok((await names(method, list, bob)).includes(hidden[method]));
    assert.ok(!(await names(method, list, nobody)).includes(hidden[method]), method);
    for (const user of [undefined, 'bob']) {
      for (const client of [await openSession(stack, { user }), await openClient(stack, { user }), await openClient(stack, { seed: true, user })]) {
        const found = (await client.call(1, method)).result[list].map((one) => one.name);
        assert.equal(found.includes(hidden[method]), user === 'bob', method);
      }
    }
  }
});

test('pages are full, and end where the caller\'s entries end', async () => {
  for (const caller of [nobody, ann, eve]) {
    let cursor;
    let n = 0;
    const seen = [];
    do {
      const page = await result(stack, n++ % 2, 'tools/list', cursor === undefined ? {} : { cursor }, caller);
      cursor = page.nextCursor;
      if (cursor) assert.equal(page.tools.length, PAGE, 'no gap shows what is left out');
      assert.ok(page.tools.length > 0);
      seen.push(...page.tools.map((one) => one.name));
    } while (cursor);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(n, Math.ceil(seen.length / PAGE));
  }
});

test('clients are shown nothing of all that', async () => {
  const all = JSON.stringify([await result(stack, 0, 'tools/list', {}, ann), await result(stack, 0, 'resources/list', {}, ann)]);
  assert.doesNotMatch(all, /"(allow|bind|limit|idempotency|owner|mine|may)"/);
});

// --- no oracle -------------------------------------------------------------------------------

// The answer to what is hidden is that to what is not there, byte for byte but
// for the name, which is as long.
async function assertSame(what, ask, hidden, absent) {
  assert.equal(hidden.length, absent.length);
  const [a, b] = [await ask(hidden), await ask(absent)];
  assert.deepEqual(a, b.map((one) => one.replaceAll(absent, hidden)), what);
}

const bytes = (answer) => [String(answer.status), ...Object.entries(answer.headers).map(String), answer.text];

test('an error tells nobody what exists: revision 2026-07-28', async () => {
  const ask = (method, params) => async (name) => bytes(await modern(stack, 1, method, params(name), eve));
  await assertSame('tools/call', ask('tools/call', (name) => ({ name, arguments: { x: 1 } })), 'hidden', 'absent');
  await assertSame('resources/read', ask('resources/read', (uri) => ({ uri })), 'docs://hidden', 'docs://absent');
  await assertSame('prompts/get', ask('prompts/get', (name) => ({ name, arguments: { a: 7 } })), 'hidden', 'absent');
  const complete = (ref) => ask('completion/complete', (name) => ({ ref: ref(name), argument: { name: 'a', value: '' } }));
  await assertSame('a prompt completed', complete((name) => ({ type: 'ref/prompt', name })), 'hidden', 'absent');
  await assertSame('a template completed', complete((uri) => ({ type: 'ref/resource', uri })), 'vault://{id}', 'vaolt://{id}');
  // its mirrored argument without the header, and with a wrong one
  const mirrored = (headers) => async (name) =>
    bytes(await modern(stack, 0, 'tools/call', { name, arguments: { region: 'eu' } }, { ...eve, headers }));
  await assertSame('a mirror missing', mirrored({}), 'mirror', 'absent');
  await assertSame('a mirror wrong', mirrored({ 'Mcp-Param-Region': 'us' }), 'mirror', 'absent');
  assertError(await modern(stack, 0, 'tools/call', { name: 'mirror', arguments: { region: 'eu' } }, bob), 400, -32020);
});

test('an error tells nobody what exists: the eras before', async () => {
  const session = await openSession(stack, { user: 'eve' });
  const sse = await openClient(stack, { user: 'eve' });
  const seed = await openClient(stack, { seed: true, user: 'eve' });
  const plain = { call: async (i, method, params) => bytes(await stack.say(i, { jsonrpc: '2.0', id: 1, method, params }, eve)) };
  const of = (json) => [JSON.stringify({ ...json, id: 0, timestamp: 0 })];
  for (const client of [session, sse, seed, plain]) {
    const ask = (method, params) => async (name) => {
      const answer = await client.call(0, method, params(name));
      return Array.isArray(answer) ? answer : of(answer);
    };
    await assertSame('tools/call', ask('tools/call', (name) => ({ name, arguments: {} })), 'hidden', 'absent');
    await assertSame('resources/read', ask('resources/read', (uri) => ({ uri })), 'docs://hidden', 'docs://absent');
    await assertSame('subscribe', ask('resources/subscribe', (uri) => ({ uri })), 'docs://hidden', 'docs://absent');
    await assertSame('prompts/get', ask('prompts/get', (name) => ({ name, arguments: {} })), 'hidden', 'absent');
  }
  const batch = async (name) => {
    const messages = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } }));
    return bytes(await stack.say(0, messages, { ...eve, headers: { 'MCP-Protocol-Version': '2025-03-26' } }));
  };
  await assertSame('a batch', batch, 'hidden', 'absent');
});

test('who may, may: reading, completing, subscribing', async () => {
  assert.equal((await result(stack, 0, 'resources/read', { uri: 'docs://hidden' }, bob)).contents[0].text, 'hidden');
  assert.equal((await result(stack, 0, 'prompts/get', { name: 'hidden' }, bob)).messages[0].content.text, 'hidden');
  const ref = { type: 'ref/resource', uri: 'vault://{id}' };
  assert.deepEqual((await result(stack, 0, 'completion/complete', { ref, argument: { name: 'id', value: '' } }, bob)).completion.values, ['a']);
  const session = await openSession(stack, { user: 'bob' });
  assert.deepEqual((await session.call(0, 'resources/subscribe', { uri: 'docs://hidden' })).result, {});
});

test('the first template that matches decides: a wider one shows nothing of it', async () => {
  const read = (uri, caller) => modern(stack, 0, 'resources/read', { uri }, caller);
  assert.equal((await read('vault://7', bob)).json.result.contents[0].text, 'vault 7');
  assertError(await read('vault://7', eve), 200, -32602, /^Unknown resource$/);
  assert.equal((await read('vault://7/8', eve)).json.result.contents[0].text, 'wide 7/8');
});

test('a stream of changes is acknowledged alike, and silent about what is another\'s', async () => {
  const uris = ['docs://open', 'docs://hidden', 'vault://7', 'docs://absent'];
  const hear = async (user) => listen(stack, { resourceSubscriptions: uris }, { user });
  const [eves, bobs] = [await hear('eve'), await hear('bob')];
  const filter = (stream) => JSON.stringify(stream.acknowledged.params.notifications);
  assert.equal(filter(eves), filter(bobs));
  const tell = async (uri) => (await result(stack, 0, 'tools/call', { name: 'tell', arguments: { uri } }, ann)).content[0].text;
  assert.equal(await tell('docs://hidden'), '1');
  assert.equal(await tell('vault://7'), '1');
  assert.equal(await tell('docs://open'), '2');
  const next = async (stream) => (await stream.next('message')).json.params.uri;
  assert.deepEqual([await next(bobs), await next(bobs), await next(bobs)], ['docs://hidden', 'vault://7', 'docs://open']);
  assert.equal(await next(eves), 'docs://open', 'the first that eve hears of');
  // the roles that the web server vouches for count there as well
  const carl = await listen(stack, { resourceSubscriptions: uris }, { user: 'carl', headers: undefined });
  assert.equal(await tell('docs://hidden'), '1');
  await carl.close?.();
});

// --- what is bound ---------------------------------------------------------------------------

test('the server says who asks', async () => {
  const row = async (caller) => JSON.parse(await said('whoami', { q: 'x' }, caller));
  assert.deepEqual(await row(ann), { owner: 'ann', mine: '["staff","admin"]', may: '[]', q: 'x' });
  assert.deepEqual(await row(nobody), { owner: null, mine: '[]', may: '[]', q: 'x' });
  assert.deepEqual(await row(vouched('admin staff', 'a b', 'bob')), { owner: 'bob', mine: '["admin","staff"]', may: '["a","b"]', q: 'x' });
  assert.equal(await said('hello', {}, ann), 'Hello ann!');
  assert.equal(await said('hello', {}, nobody), 'Hello !');
  assert.deepEqual(JSON.parse(await said('mirrored', { a: 1 }, ann)), { a: 1, owner: 'ann' });
  const long = 'x'.repeat(3000);
  assert.equal((await row({ user: long })).owner, long, 'nobody is cut to somebody else');
});

test('a name that is no text is nobody', async () => {
  const params = { MCP_USER: Buffer.from([0x6d, 0xfc]) };
  const row = JSON.parse(await said('whoami', {}, { params }));
  assert.equal(row.owner, null);
});

test('a client that says it itself is told not to, and nothing runs', async () => {
  for (const value of ['ann', null, 7]) {
    const { isError, content } = await result(stack, 0, 'tools/call', { name: 'whoami', arguments: { owner: value } }, eve);
    assert.equal(isError, true);
    assert.equal(content[0].text, 'owner: the server sets this itself; leave it out');
  }
  const answer = await modern(stack, 0, 'prompts/get', { name: 'mine', arguments: { owner: 'ann', a: 'b' } }, eve);
  assertError(answer, 200, -32602, /^owner: the server sets this itself/);
});

test('resources, templates, prompts and completions have it too', async () => {
  const read = async (uri, caller) => (await result(stack, 0, 'resources/read', { uri }, caller)).contents[0].text;
  assert.equal(await read('who://me', ann), '<ann>');
  assert.equal(await read('who://me', nobody), '<>');
  assert.equal(await read('mine://5', bob), 'bob 5');
  const got = await result(stack, 0, 'prompts/get', { name: 'mine', arguments: { a: 'hi' } }, ann);
  assert.equal(got.messages[0].content.text, 'ann says hi');
  const complete = async (caller) => {
    const params = { ref: { type: 'ref/prompt', name: 'mine' }, argument: { name: 'a', value: 'v' }, context: { arguments: { owner: 'ann' } } };
    return (await result(stack, 0, 'completion/complete', params, caller)).completion.values;
  };
  assert.deepEqual(await complete(eve), ['v/eve'], 'whatever the client claims');
  assert.deepEqual(await complete(nobody), ['v/nobody']);
});

// --- whom it is believed of ------------------------------------------------------------------

test('what stands twice is refused', async () => {
  for (const name of ['MCP_USER', 'MCP_ROLES', 'MCP_SCOPES']) {
    const connection = await stack.connect(0);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const pairs = [[name, 'a'], [name, 'b'], ['REQUEST_METHOD', 'POST'], ['REQUEST_URI', '/mcp'], ['HTTP_HOST', 'localhost'], ['SERVER_ADDR', '127.0.0.1'], ['CONTENT_LENGTH', String(body.length)]];
    const answer = await connection.send({ params: pairs, stdin: body }).answer;
    assert.equal(answer.status, 400, name);
    assert.match(answer.text, new RegExp(`${name} stands twice`));
    await connection.close();
  }
});

test('who speaks to a port is nobody, whatever he says', async () => {
  const { freePort } = await import('../lib/site.mjs');
  const worker = await stack.startWorker({ port: await freePort() });
  const i = stack.workers.indexOf(worker);
  await stack.hasBroker(i);
  assert.deepEqual((await tools({ user: 'ann', params: { MCP_ROLES: 'staff', MCP_SCOPES: 'crm:read crm:write' } }, i)).toSorted(), OPEN.toSorted());
});

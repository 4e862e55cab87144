// Which door of the mount answers what, at the worker and at the broker, and
// whom the gate lets through.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { freePort } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';

const APP = 'https://app.example';
const stack = await startStack({ after }, {
  change: (config) => {
    config.server.allowed_origins = [APP];
  },
});
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const EVENTS = { Accept: 'text/event-stream' };

// --- the worker's doors --------------------------------------------------------

test('GET is the health check', async () => {
  const answer = await stack.ask(0, 'GET', '/mcp');
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.json), ['status', 'server', 'protocolVersions', 'broker']);
  assert.equal(answer.json.status, 'ok');
  assert.deepEqual(answer.json.server, { name: 'example-crm', version: '1.0.0' });
  assert.ok(answer.json.protocolVersions.includes('2025-11-25'));
  assert.equal(answer.json.broker, 'reachable');
});

test('HEAD is the health check without its body', async () => {
  const answer = await stack.ask(0, 'HEAD', '/mcp');
  assert.equal(answer.status, 200);
  assert.ok(Number(answer.headers['content-length']) > 0);
  assert.equal(answer.text, '');
});

test('the mount is served with a slash at its end, and with a query', async () => {
  for (const uri of ['/mcp', '/mcp/', '/mcp?x=y', '/mcp/?']) {
    assert.deepEqual((await stack.say(0, ping, { uri })).json.result, {}, uri);
  }
});

test('a stream asked of the worker is refused at once: nothing is held', async () => {
  const answer = await stack.ask(0, 'GET', '/mcp', { headers: EVENTS });
  assert.equal(answer.status, 405);
  assert.ok(answer.headers.allow);
});

test('a method that has no door is 405 and says which have', async () => {
  for (const [method, uri, allow] of [
    ['PUT', '/mcp', /GET.*POST.*DELETE/],
    ['PATCH', '/mcp', /POST/],
    ['POST', '/mcp/sse', /GET/],
    ['GET', '/mcp/sse', /GET/],
    ['GET', '/mcp/sse/message', /POST/],
    ['DELETE', '/mcp/sse/message', /POST/],
  ]) {
    const answer = await stack.ask(0, method, uri);
    assert.equal(answer.status, 405, `${method} ${uri}`);
    assert.match(answer.headers.allow, allow, `${method} ${uri}`);
  }
});

test('elsewhere is nothing: 404 and never a redirect', async () => {
  for (const uri of ['/', '/mcpx', '/mcp/x', '/mcp//', '/mcp/sse/x', '/mcp/../mcp', '/.well-known/oauth-protected-resource', '']) {
    const answer = await stack.ask(0, 'POST', uri, { body: JSON.stringify(ping) });
    assert.equal(answer.status, 404, uri);
    assert.equal(answer.headers.location, undefined);
  }
});

// --- the broker's doors --------------------------------------------------------

test('POST where the stream is says 405, for clients that try HTTP first', async () => {
  const answer = await stack.http('POST', '/mcp/sse', { body: JSON.stringify(ping) });
  assert.equal(answer.status, 405);
  assert.match(answer.headers.allow, /GET/);
});

test('what the broker gets by mistake it refuses, with 400, 404 or 405', async () => {
  for (const [method, at, status] of [
    ['POST', '/mcp', 400],
    ['DELETE', '/mcp', 400],
    ['GET', '/mcp', 405],
    ['PUT', '/mcp', 405],
    ['POST', '/mcp/sse/message', 405],
    ['GET', '/mcp/x', 404],
    ['GET', '/', 404],
    ['GET', '/status', 404],
    ['GET', '/metrics', 404],
  ]) {
    const answer = await stack.http(method, at, method === 'POST' ? { body: JSON.stringify(ping) } : {});
    assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
    assert.equal(typeof answer.json, 'object');
  }
});

test('the head of a stream is small and forbids buffering and caching', async () => {
  const stream = await stack.greeted({ headers: { Origin: APP } });
  assert.equal(stream.status, 200);
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.match(stream.headers['cache-control'], /no-cache/);
  assert.equal(stream.headers['x-accel-buffering'], 'no');
  assert.equal(stream.headers['content-length'], undefined);
  assert.equal(stream.headers['access-control-allow-origin'], APP);
  const length = Object.entries(stream.headers).reduce((n, [name, value]) => n + name.length + value.length + 4, 20);
  assert.ok(length < 900, `${length} bytes`);
});

// --- the gate ------------------------------------------------------------------

// The same question at both doors. -> [worker's answer, broker's answer]
const both = async (method, headers, { params = {}, serverAddr = '' } = {}) => [
  await stack.ask(0, method, '/mcp', { headers, params, body: method === 'POST' ? JSON.stringify(ping) : '' }),
  await stack.http(method === 'POST' ? 'GET' : method, '/mcp', {
    headers: { ...headers, ...(serverAddr && { 'X-Mcp-Server-Addr': serverAddr }) },
  }),
];

test('a foreign Origin is refused with 403 at both doors', async () => {
  for (const Origin of ['https://evil.example', 'null', `${APP}.evil.example`, 'https://localhost.evil.example', 'localhost']) {
    for (const answer of await both('POST', { Origin })) {
      assert.equal(answer.status, 403, `${Origin}: ${answer.text}`);
      assert.equal(answer.json.error.code, -31998);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  }
});

test('no Origin, a listed one, loopback and the same host pass', async () => {
  for (const headers of [
    {},
    { Origin: APP },
    { Origin: 'http://localhost:3000' },
    { Origin: 'http://127.0.0.1' },
    { Origin: 'http://[::1]:8080' },
    { Origin: 'http://site.example', Host: 'site.example' },
  ]) {
    for (const answer of await both('POST', headers, { params: { SERVER_ADDR: '192.0.2.1' } })) {
      assert.notEqual(answer.status, 403, JSON.stringify(headers));
      assert.equal(answer.headers['access-control-allow-origin'], headers.Origin);
    }
  }
});

test('on a loopback address only loopback names are served, rebinding is not', async () => {
  for (const serverAddr of ['127.0.0.1', '::1']) {
    for (const [Host, passes] of [
      ['localhost:8080', true],
      ['127.0.0.1', true],
      ['[::1]:8080', true],
      ['evil.example', false],
      ['localhost.evil.example', false],
    ]) {
      const answers = await both('POST', { Host }, { params: { SERVER_ADDR: serverAddr }, serverAddr });
      for (const answer of answers) assert.equal(answer.status !== 403, passes, `${Host} at ${serverAddr}`);
    }
  }
});

test('preflight comes before everything else, and allows what a client sends', async () => {
  const headers = {
    Origin: APP,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'content-type, mcp-session-id, mcp-param-region, x-other',
  };
  for (const answer of await both('OPTIONS', headers)) {
    assert.equal(answer.status, 204);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['access-control-allow-origin'], APP);
    assert.match(answer.headers['access-control-allow-methods'], /GET.*POST.*DELETE/);
    const allowed = answer.headers['access-control-allow-headers'].toLowerCase().split(/, */);
    for (const name of ['content-type', 'authorization', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id']) {
      assert.ok(allowed.includes(name), name);
    }
    assert.ok(allowed.includes('mcp-param-region'));
    assert.ok(!allowed.includes('x-other'));
  }
  for (const answer of await both('OPTIONS', { ...headers, Origin: 'https://evil.example' })) {
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  }
});

test('errors can be read across origins, and so can the session id', async () => {
  const answer = await stack.say(0, '{', { headers: { Origin: APP } });
  assert.equal(answer.status, 400);
  assert.equal(answer.headers['access-control-allow-origin'], APP);
  assert.match(answer.headers['access-control-expose-headers'], /Mcp-Session-Id/);
});

// --- who is believed -------------------------------------------------------------

test('over TCP nobody is believed to be whom the web server would name', async (t) => {
  const tcp = await startStack(t, { workers: 0, broker: false });
  await tcp.startBroker({ http: '127.0.0.1:0' });
  await tcp.startWorker();
  await tcp.startWorker({ port: await freePort() });
  await tcp.hasBroker();

  // alice, as the forger says
  const brokerPort = Number(/:(\d+)$/.exec(tcp.broker.ready)[1]);
  const raw = await tcp.raw({ host: '127.0.0.1', port: brokerPort });
  raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nX-Mcp-User: alice\r\n\r\n');
  await raw.until(/connection_id=[0-9a-f-]{36}\n/);
  const id = /connection_id=([0-9a-f-]{36})/.exec(raw.text)[1];

  // is not alice, but nobody in particular
  const message = { ...ping, connection_id: id };
  const uri = '/mcp/sse/message';
  assert.equal((await tcp.say(0, message, { uri, user: 'alice' })).status, 400);
  assert.equal((await tcp.say(0, message, { uri })).status, 200);

  // and neither is the one who says so to the worker
  const session = await tcp.initialize(0, { user: 'alice' });
  assert.equal((await tcp.say(0, ping, { user: 'alice', headers: { 'Mcp-Session-Id': session } })).status, 200);
  const forged = await tcp.say(1, ping, { user: 'alice', headers: { 'Mcp-Session-Id': session } });
  assert.equal(forged.status, 404);
});

test('REMOTE_USER and X-Forwarded-For are nobody', async () => {
  const session = await stack.initialize(0);
  const headers = { 'Mcp-Session-Id': session, 'X-Forwarded-For': '192.0.2.9', 'X-Mcp-User': 'alice' };
  assert.equal((await stack.say(0, ping, { headers, params: { REMOTE_USER: 'alice' } })).status, 200);
});

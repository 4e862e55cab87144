// Who answers what, behind the shipped files: the table of the mount, row by
// row, for each web server.
import assert from 'node:assert/strict';
import test from 'node:test';
import { post, request, rpc } from '../lib/http.mjs';
import { lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';

const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a test', version: '1' } };

// Status of a stream request, which is closed at once.
async function streamStatus(url, options) {
  const stream = await openStream(url, options);
  stream.close();
  return { status: stream.status, type: stream.headers['content-type'], allow: stream.headers.allow };
}

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy} routes`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });
    // how many requests the broker has refused, and streams it has opened
    const byBroker = async () => {
      const { text } = await request({ socketPath: site.adminSocket, path: '/metrics' }, { headers: { Host: 'localhost' } });
      const counters = /^mcp_broker_(?:answers_total\{class="[45]xx"\}|streams_opened_total\S*) (\d+)$/gm;
      return [...text.matchAll(counters)].reduce((sum, [, n]) => sum + Number(n), 0);
    };

    for (const mount of ['/mcp', '/mcp/']) {
      const url = site.url + mount;

      await t.test(`POST ${mount}: a worker answers`, async () => {
        const answer = await rpc(url, 'tools/call', { name: 'get_client', arguments: { email: 'test@example.com' } });
        assert.equal(answer.status, 200);
        assert.match(answer.headers['content-type'], /^application\/json/);
        assert.match(answer.json.result.content[0].text, /test@example\.com/);
      });

      await t.test(`POST ${mount}, Mcp-Method: subscriptions/listen: the broker answers`, async () => {
        const before = await byBroker();
        const listen = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: {} };
        const answer = await post(url, listen, { 'Mcp-Method': ' subscriptions/listen  ' });
        assert.match(answer.headers['content-type'], /^(application\/json|text\/event-stream)/);
        assert.equal(await byBroker(), before + 1);
      });

      await t.test(`POST ${mount}, subscriptions/listen without its header: a worker refuses, and holds nothing`, async () => {
        const before = await byBroker();
        const answer = await rpc(url, 'subscriptions/listen', {});
        assert.ok(answer.json.error, 'an error, not a stream');
        assert.equal(await byBroker(), before);
      });

      await t.test(`GET ${mount} for events: the broker answers`, async () => {
        const before = await byBroker();
        const none = await streamStatus(url);
        assert.equal(none.status, 405, 'no session');
        assert.match(none.allow, /POST/);
        const unknown = await streamStatus(url, { headers: { 'Mcp-Session-Id': 'unknown' } });
        assert.equal(unknown.status, 404, 'an unknown session');
        const begin = await rpc(url, 'initialize', client);
        const session = begin.headers['mcp-session-id'];
        const open = await streamStatus(url, {
          headers: { 'Mcp-Session-Id': session, Accept: 'application/json, Text/Event-Stream;q=0.9' },
        });
        assert.equal(open.status, 200);
        assert.match(open.type, /^text\/event-stream/);
        assert.equal(await byBroker(), before + 3);
        const end = await request(url, { method: 'DELETE', headers: { 'Mcp-Session-Id': session } });
        assert.ok(end.status === 200 || end.status === 204, `DELETE: ${end.status}`);
        const ended = await streamStatus(url, { headers: { 'Mcp-Session-Id': session } });
        assert.equal(ended.status, 404, 'an ended session');
      });

      await t.test(`GET and HEAD ${mount}: health`, async () => {
        const before = await byBroker();
        const get = await request(url, { headers: { Accept: 'application/json' } });
        assert.equal(get.status, 200);
        assert.equal(get.json.broker, 'reachable');
        const head = await request(url, { method: 'HEAD' });
        assert.equal(head.status, 200);
        assert.equal(head.text, '');
        assert.equal(await byBroker(), before, 'a worker has answered');
      });

      await t.test(`OPTIONS ${mount}: preflight`, async () => {
        const headers = {
          Origin: site.url,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type',
        };
        const answer = await request(url, { method: 'OPTIONS', headers });
        assert.equal(answer.status, 204);
        assert.equal(answer.headers['access-control-allow-origin'], site.url);
      });
    }

    await t.test('GET /mcp/sse: a stream', async () => {
      const stream = await openStream(`${site.mcp}/sse`);
      assert.equal(stream.status, 200);
      assert.match(stream.headers['content-type'], /^text\/event-stream/);
      assert.match((await stream.next('endpoint')).data, /^\/mcp\/sse\/message\?connection_id=/);
    });

    await t.test('POST /mcp/sse: 405 with Allow', async () => {
      const answer = await rpc(`${site.mcp}/sse`, 'ping');
      assert.equal(answer.status, 405);
      assert.match(answer.headers.allow, /GET/);
    });

    await t.test('OPTIONS /mcp/sse and /mcp/sse/message: preflight', async () => {
      for (const path of ['/sse', '/sse/message']) {
        const headers = { Origin: site.url, 'Access-Control-Request-Method': 'GET' };
        const answer = await request(site.mcp + path, { method: 'OPTIONS', headers });
        assert.equal(answer.status, 204, path);
        assert.equal(answer.headers['access-control-allow-origin'], site.url, path);
      }
    });

    await t.test('POST /mcp/sse/message: the answer travels on the stream, in both dialects', async () => {
      const stream = await openStream(`${site.mcp}/sse`);
      const id = (await stream.next('connected')).json.connection_id;
      const seed = await post(`${site.mcp}/sse/message`, { jsonrpc: '2.0', id: 7, method: 'ping', connection_id: id });
      assert.equal(seed.status, 200);
      assert.equal(seed.json.status, 'sent');
      assert.equal((await stream.next('mcp_response')).json.id, 7);

      const official = await openStream(`${site.mcp}/sse`);
      const endpoint = (await official.next('endpoint')).data;
      const accepted = await post(site.url + endpoint, { jsonrpc: '2.0', id: 8, method: 'ping' });
      assert.equal(accepted.status, 202);
      assert.equal((await official.next('message')).json.id, 8);
    });

    await t.test('well-known: a worker answers 404', async () => {
      for (const path of ['', '/mcp']) {
        const answer = await request(`${site.url}/.well-known/oauth-protected-resource${path}`);
        assert.equal(answer.status, 404, path);
        assert.match(answer.headers['content-type'], /^application\/json/, path);
      }
    });

    await t.test('the example page is the web server\'s', async () => {
      const answer = await request(`${site.url}/mcp_sse_example.html`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'], /^text\/html/);
    });

    await t.test('nothing else is forwarded, nothing is redirected', async () => {
      const before = await byBroker();
      for (const path of ['/mcp/other', '/mcpx', '/mcp/sse/', '/status', '/metrics', '/mcp/metrics']) {
        const answer = await request(site.url + path);
        assert.equal(answer.status, 404, path);
      }
      assert.equal(await byBroker(), before, 'the broker has not seen it');
      await rpc(site.mcp, 'ping');
      assert.doesNotMatch(site.stderr, /path=\/(?!mcp\/? |mcp\/sse\/message |\.well-known\/)/, 'nor has a worker');
    });

    await t.test('a body of more than 4 MiB: 413', async () => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { x: 'x'.repeat(4 * 1024 * 1024) } });
      for (const path of ['/mcp', '/mcp/', '/mcp/sse/message']) {
        const answer = await post(site.url + path, body);
        assert.equal(answer.status, 413, path);
      }
      const chunked = await post(site.mcp, body, { 'Transfer-Encoding': 'chunked' });
      assert.equal(chunked.status, 413, 'chunked');
      const fits = await rpc(site.mcp, 'ping', { x: 'x'.repeat(4 * 1024 * 1024 - 500) });
      assert.equal(fits.status, 200, 'just under it');
    });

    await t.test('an answer says how long it is, and comes as one piece', async () => {
      const refused = { 'MCP-Protocol-Version': '1999-01-01' };
      for (const answer of [await rpc(site.mcp, 'ping'), await rpc(site.mcp, 'ping', {}, refused)]) {
        assert.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.text)), `${answer.status}`);
        assert.equal(answer.headers['transfer-encoding'], undefined);
      }
    });

    await t.test('a chunked body arrives whole', async () => {
      const answer = await post(site.mcp, { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'Transfer-Encoding': 'chunked' });
      assert.equal(answer.status, 200);
    });

    await t.test('a strange Origin or Host: 403 at every door', async () => {
      for (const headers of [{ Origin: 'http://evil.example' }, { Host: 'evil.example' }]) {
        const name = JSON.stringify(headers);
        assert.equal((await rpc(site.mcp, 'ping', undefined, headers)).status, 403, `POST /mcp ${name}`);
        assert.equal((await rpc(`${site.mcp}/sse/message`, 'ping', undefined, headers)).status, 403, `message ${name}`);
        assert.equal((await streamStatus(`${site.mcp}/sse`, { headers })).status, 403, `GET /mcp/sse ${name}`);
        assert.equal((await streamStatus(site.mcp, { headers })).status, 403, `GET /mcp ${name}`);
      }
      assert.equal((await rpc(site.mcp, 'ping', undefined, { Origin: site.url })).status, 200, 'our own Origin');
    });
  });
}

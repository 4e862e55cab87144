// An event leaves when it comes: nothing between broker and client collects
// events, compresses them or waits for more.
import assert from 'node:assert/strict';
import test from 'node:test';
import { post, rpc } from '../lib/http.mjs';
import { lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';

const PROMPT_MS = 500; // a buffer would hold an event until the next heartbeat

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy} delivers unbuffered`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });

    await t.test('events come one by one, each while its sender still waits', async () => {
      const stream = await openStream(`${site.mcp}/sse`, { headers: { 'Accept-Encoding': 'gzip, br' } });
      assert.equal(stream.headers['content-encoding'], undefined, 'not compressed');
      const id = (await stream.next('connected')).json.connection_id;
      for (let n = 1; n <= 5; n++) {
        const sent = performance.now();
        const call = { jsonrpc: '2.0', id: n, method: 'tools/call', connection_id: id };
        call.params = { name: 'get_client', arguments: { email: 'test@example.com' } };
        const [answer, event] = await Promise.all([
          post(`${site.mcp}/sse/message`, call),
          stream.next('mcp_response', PROMPT_MS * 4),
        ]);
        assert.equal(answer.status, 200);
        assert.equal(event.json.id, n);
        assert.ok(event.at - sent < PROMPT_MS, `event ${n} came after ${event.at - sent} ms`);
      }
    });

    await t.test('the head comes with the first event, not after a buffer full', async () => {
      const begun = performance.now();
      const stream = await openStream(`${site.mcp}/sse`);
      const first = await stream.next('heartbeat', PROMPT_MS * 4);
      assert.ok(first.at - begun < PROMPT_MS, `heartbeat after ${first.at - begun} ms`);
    });

    await t.test('a large event comes whole', async () => {
      const stream = await openStream(`${site.mcp}/sse`);
      const id = (await stream.next('connected')).json.connection_id;
      const call = { jsonrpc: '2.0', id: 1, method: 'resources/read', connection_id: id, params: { uri: 'crm://clients' } };
      assert.equal((await post(`${site.mcp}/sse/message`, call)).status, 200);
      const event = await stream.next('mcp_response');
      assert.equal(JSON.parse(event.json.result.contents[0].text).length, 100);
    });

    await t.test('200 streams are open at once, and POSTs are as quick as before', async () => {
      const streams = await Promise.all(Array.from({ length: 200 }, () => openStream(`${site.mcp}/sse`)));
      for (const stream of streams) await stream.next('connected');
      const begun = performance.now();
      assert.equal((await rpc(site.mcp, 'ping')).status, 200);
      assert.ok(performance.now() - begun < PROMPT_MS);
      await Promise.all(streams.map((stream) => stream.close()));
    });
  });
}

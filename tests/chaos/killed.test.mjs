// Programs are killed with SIGKILL in the middle of things, behind a web server.
// What a client sees then is in the names of the tests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, request, rpc } from '../lib/http.mjs';
import { lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { slowTool, traceTools, until } from '../lib/stack.mjs';
import { forRounds, timeout } from './rounds.mjs';

const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const callOf = (id, name, more) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, ...more } });
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const tools = (config) => void config.tools.push(slowTool(30000), ...traceTools);

// What the broker says of itself.
const statusOf = async (site) => (await request({ socketPath: site.adminSocket, path: '/status' })).json;

const hasRunning = (site, n) =>
  until(`${n} calls run`, async () => (await statusOf(site)).processes.reduce((sum, one) => sum + one.running, 0) === n);

async function openSeed(site) {
  const stream = await openStream(`${site.mcp}/sse`);
  stream.endpoint = (await stream.next('endpoint')).data;
  stream.id = (await stream.next('connected')).json.connection_id;
  return stream;
}

async function assertServes(site) {
  const answer = await rpc(site.mcp, 'tools/call', { name: 'count_clients' });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.result.isError, undefined);
}

for (const proxy of ['nginx', 'apache']) {
  const options = { skip: lacks(proxy), timeout };
  const lost = proxy === 'nginx' ? 502 : 503; // what the web server says for a call that died

  test(`${proxy}: a worker is killed mid-call: its caller gets ${lost} at once, the next call succeeds`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 1, config: tools });
    await forRounds(1, async () => {
      const called = rpc(site.mcp, 'tools/call', { name: 'slow' });
      await hasRunning(site, 1);
      const began = performance.now();
      const killed = site.kill('worker 1');
      assert.equal((await called).status, lost);
      assert.ok(performance.now() - began < 5000);
      await killed;
      await assertServes(site);
      await hasRunning(site, 0);
    });
  });

  test(`${proxy}: a worker is killed under calls of streams: each stream hears -32603 for its own, once`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 1, config: tools });
    const streams = [await openSeed(site), await openSeed(site)];
    await forRounds(1, async (round) => {
      for (const one of streams) {
        const answer = await post(site.url + one.endpoint, callOf(`lost ${round}`, 'slow'));
        assert.equal(answer.status, 202, answer.text);
      }
      await hasRunning(site, 2);
      const began = performance.now();
      await site.kill('worker 1');
      for (const one of streams) {
        const { json } = await one.next('message', 15000);
        assert.equal(json.id, `lost ${round}`);
        assert.equal(json.error.code, -32603);
        assert.ok(performance.now() - began < 12000);
        await until('posts are taken again', async () => {
          const answer = await post(site.url + one.endpoint, ping(`next ${round}`));
          assert.ok([202, 503].includes(answer.status), answer.text);
          return answer.status === 202;
        });
        assert.equal((await one.next('message')).json.id, `next ${round}`);
      }
    });
    for (const one of streams) assert.equal(one.events.over, null);
  });

  test(`${proxy}: a worker is killed under an answer that streams: it breaks off, and who resumes it is told -32603`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 1, config: tools });
    await forRounds(1, async () => {
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
      const first = await rpc(site.mcp, 'initialize', params);
      assert.equal(first.status, 200, first.text);
      const session = { 'Mcp-Session-Id': first.headers['mcp-session-id'] };
      const body = JSON.stringify(callOf('lost', 'slow', { _meta: { progressToken: 'p' } }));
      const answer = await openStream(site.mcp, { method: 'POST', headers: { ...JSON_HEADERS, ...session }, body });
      const { id } = await answer.next((one) => one.id);
      await hasRunning(site, 1);
      await site.kill('worker 1');
      await answer.ended;
      assert.doesNotMatch(answer.text, /"(result|error)"/);

      const again = await openStream(site.mcp, { headers: { ...session, 'Last-Event-ID': id } });
      assert.equal(again.status, 200);
      const { json } = await again.next((one) => /"error"/.test(one.data), 8000);
      assert.equal(json.id, 'lost');
      assert.equal(json.error.code, -32603);
      await again.ended;
      await hasRunning(site, 0);
    });
  });

  test(`${proxy}: the broker is killed: its streams end with all that was acknowledged; calls go on, posts to streams get 503, 500 or 400`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 2, config: tools });
    await forRounds(1, async () => {
      const stream = await openSeed(site);
      let over = false;
      const acknowledged = [];
      const seen = new Set();
      // posts to the stream until somebody says that it is gone
      const publisher = (async () => {
        for (let id = 1; ; id++) {
          const answer = await post(`${site.mcp}/sse/message`, { ...ping(id), connection_id: stream.id });
          seen.add(answer.status);
          if (answer.status === 200) acknowledged.push(id);
          else assert.deepEqual(Object.keys(answer.json ?? {}), ['error', 'timestamp'], `not in shape: ${answer.text}`);
          if (answer.status === 400) return;
          if (answer.status === 503) assert.ok(Number(answer.headers['retry-after']) > 0);
        }
      })();
      // calls that need no broker
      const caller = (async () => {
        while (!over) await assertServes(site);
      })();
      await until('much was acknowledged', () => acknowledged.length > 50);
      await site.kill('broker');
      await stream.ended;
      await publisher;
      over = true;
      await caller;
      // 500: it was admitted, and its answer asked the next broker for a stream
      // that was gone
      assert.ok([...seen].every((one) => [200, 400, 500, 503].includes(one)), `statuses ${[...seen]}`);

      const heard = stream.events.all.filter((one) => one.event === 'mcp_response').map((one) => JSON.parse(one.data).id);
      assert.equal(new Set(heard).size, heard.length, 'something came twice');
      for (const id of acknowledged) assert.ok(heard.includes(id), `${id} was acknowledged, and is lost`);

      const again = await openSeed(site); // the client reconnects
      await until('posts are taken again', async () => {
        const answer = await post(`${site.mcp}/sse/message`, { ...ping('again'), connection_id: again.id });
        return answer.status === 200;
      });
      assert.equal((await again.next('mcp_response')).json.id, 'again');
      await again.close();
    });
  });
}

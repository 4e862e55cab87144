// What the other half feels when one half is away.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { post, rpc } from '../lib/http.mjs';
import { lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';

// Ask until it is granted, without a pause: each answer says how things are.
async function until(ask, granted, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (granted(answer)) return answer;
    assert.ok(Date.now() < end, `still ${answer.status} after ${ms} ms`);
  }
}

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy}: workers are killed under open streams`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });
    const stream = await openStream(`${site.mcp}/sse`);
    const id = (await stream.next('connected')).json.connection_id;
    await rpc(site.mcp, 'ping'); // a connection is kept now
    await site.kill('worker 1');
    await site.kill('worker 2');
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: id };
    await until(() => post(`${site.mcp}/sse/message`, ping), (answer) => answer.status === 200);
    assert.equal((await stream.next('mcp_response')).json.id, 1);
    assert.equal(stream.events.over, null, 'the stream has not noticed');
  });

  test(`${proxy}: a worker that is stopped loses no request`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });
    // Apache may take a kept connection from its pool in the very moment the
    // worker closes it, does not ask another, and answers 503: once a connection
    const mayLose = proxy === 'apache' ? 4 : 0;
    let running = true;
    let served = 0;
    let lost = 0;
    const clients = Array.from({ length: 4 }, async () => {
      while (running) {
        const answer = await rpc(site.mcp, 'ping');
        if (answer.status === 200) served++;
        else if (answer.status === 503 && ++lost <= mayLose) continue;
        else assert.fail(`status ${answer.status}`);
      }
    });
    for (const role of ['worker 1', 'worker 2']) await site.kill(role, 'SIGTERM');
    running = false;
    await Promise.all(clients);
    assert.ok(served > 0);
  });

  test(`${proxy}: the broker is away, and comes back`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });
    const before = await openStream(`${site.mcp}/sse`);
    await before.next('connected');

    // it comes back as a new process; streams that are opened meanwhile wait
    await site.kill('broker');
    await before.ended;
    const after = await openStream(`${site.mcp}/sse`);
    assert.equal(after.status, 200);
    const id = (await after.next('connected')).json.connection_id;
    assert.equal((await rpc(site.mcp, 'ping')).status, 200, 'a request needs no broker');
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: id };
    await until(() => post(`${site.mcp}/sse/message`, ping), (answer) => answer.status === 200);
    await after.next('mcp_response');
  });

  test(`${proxy}: the broker's socket is gone`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });
    const before = await openStream(`${site.mcp}/sse`);
    const id = (await before.next('connected')).json.connection_id;

    fs.renameSync(site.brokerSocket, `${site.brokerSocket}.away`);
    for (const door of ['', '/sse']) {
      const stream = await openStream(site.mcp + door);
      assert.equal(stream.status, proxy === 'nginx' ? 502 : 503, `GET /mcp${door}`);
    }
    assert.equal((await rpc(site.mcp, 'ping')).status, 200, 'a request needs no broker');
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: id };
    assert.equal((await post(`${site.mcp}/sse/message`, ping)).status, 200, 'nor does an open stream need the door');

    fs.renameSync(`${site.brokerSocket}.away`, site.brokerSocket);
    const after = await openStream(`${site.mcp}/sse`);
    assert.equal(after.status, 200, 'the next request is served');
  });
}

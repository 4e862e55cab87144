// Programs stand still (SIGSTOP) and go on (SIGCONT): who waits, how long, and
// that nothing acknowledged is lost or comes twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, request, rpc } from '../lib/http.mjs';
import { lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { traceTools, until } from '../lib/stack.mjs';
import { forRounds, timeout } from './rounds.mjs';

const CALLS = 64;
const ping = (id) => ({ jsonrpc: '2.0', id, method: 'ping' });
const traceOf = (id, email) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'leave_trace', arguments: { email } } });
const tools = (config) => void config.tools.push(...traceTools);

const statusOf = async (site) => (await request({ socketPath: site.adminSocket, path: '/status' })).json;
const knows = (site, n) => until(`the broker knows ${n} workers`, async () => (await statusOf(site)).processes.length === n);

async function countTraces(site) {
  const answer = await rpc(site.mcp, 'tools/call', { name: 'count_traces' });
  return Number(answer.json.result.content[0].text);
}

// Whatever happens meanwhile, it goes on.
async function whileStopped(pid, act) {
  process.kill(pid, 'SIGSTOP');
  try {
    return await act();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

async function openSeed(site) {
  const stream = await openStream(`${site.mcp}/sse`);
  stream.endpoint = (await stream.next('endpoint')).data;
  stream.id = (await stream.next('connected')).json.connection_id;
  return stream;
}

for (const proxy of ['nginx', 'apache']) {
  const options = { skip: lacks(proxy), timeout };

  test(`${proxy}: a worker stands still: its own calls wait for it and run once, the other's are answered`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 2, config: tools });
    let traces = 0;
    await forRounds(1, async (round) => {
      await knows(site, 2);
      await Promise.all(Array.from({ length: CALLS }, () => rpc(site.mcp, 'ping'))); // connections are kept to both
      let answered = 0;
      const call = async (n) => {
        const answer = await post(site.mcp, traceOf(n, `${round}.${n}@trace.example`));
        answered++;
        return answer;
      };
      let calls;
      const meanwhile = await whileStopped(site.pidOf('worker 1'), async () => {
        calls = Array.from({ length: CALLS }, (_, n) => call(n));
        await knows(site, 1); // after three seconds: what the living one took is answered long since
        await until('somebody is served', () => {
          if (answered === 0) calls.push(call(calls.length)); // on a connection that is not kept yet
          return answered;
        });
        return answered;
      });
      t.diagnostic(`${meanwhile} of ${calls.length} calls were answered while one of two workers stood still`);
      for (const answer of await Promise.all(calls)) {
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.json.result.isError, undefined, answer.text);
      }
      traces += calls.length;
      assert.equal(await countTraces(site), traces, 'a call was lost, or ran twice');
    });
  });

  test(`${proxy}: the broker stands still: posts to streams get 503 within 2 s, calls go on, and each acknowledged event comes once`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 2 });
    const streams = await Promise.all(Array.from({ length: 4 }, () => openSeed(site)));
    await forRounds(1, async (round) => {
      const acknowledged = streams.map(() => []);
      let over = false;
      let refused = 0;
      let longest = 0;
      const publishers = streams.map(async (stream, s) => {
        for (let n = 1; !over; n++) {
          const began = performance.now();
          const answer = await post(`${site.mcp}/sse/message`, { ...ping(`${round}.${n}`), connection_id: stream.id });
          longest = Math.max(longest, performance.now() - began);
          assert.ok([200, 503].includes(answer.status), answer.text);
          if (answer.status === 200) acknowledged[s].push(`${round}.${n}`);
          else refused++;
        }
      });
      const all = (n) => acknowledged.every((one) => one.length >= n);
      await until('all publish', () => all(20));
      await whileStopped(site.pidOf('broker'), async () => {
        await until('all are refused', () => refused >= 8);
        assert.equal((await rpc(site.mcp, 'tools/call', { name: 'count_clients' })).status, 200);
      });
      const so = acknowledged.map((one) => one.length);
      await until('all publish again', () => acknowledged.every((one, s) => one.length >= so[s] + 20));
      over = true;
      await Promise.all(publishers);
      t.diagnostic(`the longest post took ${Math.round(longest)} ms`);
      assert.ok(longest < 6000, `a post took ${longest} ms`);
      for (const [s, stream] of streams.entries()) {
        assert.equal(stream.events.over, null, 'a stream ended');
        const heard = () => stream.events.all.filter((one) => one.event === 'mcp_response').map((one) => JSON.parse(one.data).id);
        const last = acknowledged[s].at(-1);
        await until('the last one came', () => heard().includes(last));
        const mine = heard().filter((id) => id.startsWith(`${round}.`));
        assert.equal(new Set(mine).size, mine.length, 'something came twice');
        for (const id of acknowledged[s]) assert.ok(mine.includes(id), `${id} was acknowledged, and is lost`);
        const numbers = stream.events.all.filter((one) => one.id && one.event === 'mcp_response').map((one) => Number(one.id.split('.')[1]));
        assert.deepEqual(numbers, numbers.map((_, n) => n + 1), 'a number is missing, or out of order');
      }
    });
  });

  test(`${proxy}: the broker stands still: who opens a stream waits, and is greeted when it goes on`, options, async (t) => {
    const site = await startSite(t, { proxy, workers: 1 });
    await forRounds(1, async () => {
      let greeted = 0;
      const open = async () => {
        const stream = await openStream(`${site.mcp}/sse`, { timeout: 20000 });
        greeted++;
        return stream;
      };
      const opened = await whileStopped(site.pidOf('broker'), async () => {
        const streams = Array.from({ length: 8 }, open);
        await until('the worker knows', async () => (await request(site.mcp)).json.broker === 'unreachable');
        assert.equal(greeted, 0);
        return streams;
      });
      for (const one of await Promise.all(opened)) {
        assert.equal(one.status, 200);
        await one.next('heartbeat');
        await one.close();
      }
      await until('the worker knows', async () => (await request(site.mcp)).json.broker === 'reachable');
    });
  });
}

// All that clients do, at once and for long: memory and descriptors stay flat.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { post, request, rpc } from '../lib/http.mjs';
import { descriptorsOf, anonymousBytesOf } from '../lib/kernel.mjs';
import { bin, lacks, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';
import { slowTool, until } from '../lib/stack.mjs';
import { forRounds, minutes, timeout } from './rounds.mjs';

const run = promisify(execFile);
// Rounds before the first measurement, in which every thread has had its turn
// at everything, and all of them.
const WARM_UP = minutes > 0 ? 30 : 3;
const ROUNDS = minutes > 0 ? 60 : 10;
const READERS = 16;
const CALLERS = 8;
const LARGE = 100000; // bytes of an answer that is not read

// Private memory may grow by this much between the two measurements.
const growth = (before) => before * 0.1 + 1024 * 1024;

const largeTool = {
  name: 'large',
  description: 'Says much',
  sql: { database: 'crm', query: `SELECT printf('%.*c', ${LARGE}, 'x')`, result: 'value', max_bytes: 2 * LARGE },
};
const callOf = (id, name, args) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
const settings = (config) => {
  config.tools.push(largeTool, slowTool(60000));
  // a reader's end is soon forgotten, and its sleep soon noticed
  config.limits = { ...config.limits, resume_ms: 2000, max_outbox: 4 * LARGE };
};

// The broker's own account of itself, once it is at rest.
async function atRest(site) {
  return until('nothing is open, waits or runs', async () => {
    const { json } = await request({ socketPath: site.adminSocket, path: '/status' });
    return json.streams.open + json.streams.parked + json.admissions === 0 && json;
  });
}

// --- what clients do -------------------------------------------------------------

// A seed client: each answer comes on its stream, and is the right one.
async function reads(door, site, n) {
  const stream = await openStream(door('/mcp/sse'));
  const { connection_id } = (await stream.next('connected')).json;
  for (let id = 1; id <= 5; id++) {
    const said = { ...callOf(`${n}.${id}`, 'get_client', { email: 'test@example.com' }), connection_id };
    const answer = await post(`${site.mcp}/sse/message`, said);
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await stream.next('mcp_response')).json.id, `${n}.${id}`);
  }
  await stream.close();
}

// It stops reading, is cut off for that, which the last caller is told by 429,
// comes back and gets what was kept for it.
async function stalls(site) {
  const target = { socketPath: site.brokerSocket, path: '/mcp/sse' };
  const stream = await openStream(target);
  const { json, id: first } = await stream.next('connected');
  const { connection_id } = json;
  stream.pause();
  let last = 0;
  let status;
  do {
    ({ status } = await post(`${site.mcp}/sse/message`, { ...callOf(++last, 'large'), connection_id }));
    assert.ok(status === 200 || status === 429, `status ${status}`);
    assert.ok(last < 30, 'it was never cut off');
  } while (status === 200);
  stream.resume();
  await stream.ended;
  const heard = stream.events.all.filter((one) => one.event === 'mcp_response');
  const again = await openStream(target, { headers: { 'Last-Event-ID': heard.at(-1)?.id ?? first } });
  const greeting = (await again.next('connected')).json;
  assert.equal(greeting.connection_id, connection_id);
  for (let n = heard.length + (greeting.missed ?? 0) + 1; n <= last; n++) {
    assert.equal((await again.next('mcp_response')).json.id, n);
  }
  await again.close();
}

// Hears of every change that is announced while it listens.
async function listens(site, door) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'soak', version: '1' },
  };
  const params = { _meta, notifications: { resourcesListChanged: true, toolsListChanged: true } };
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': '2026-07-28',
    'Mcp-Method': 'subscriptions/listen',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params });
  const stream = await openStream(door('/mcp'), { method: 'POST', headers, body });
  assert.equal(stream.status, 200);
  await stream.next((one) => /acknowledged/.test(one.data));
  return stream;
}

async function publishes(site, listeners) {
  for (const what of ['tools', 'resources', 'tools']) {
    await run(path.join(bin, 'mcpctl'), ['notify', '--dir', site.dir, what]);
    for (const one of listeners) await one.next((event) => event.data?.includes(`notifications/${what}/list_changed`));
  }
  await Promise.all(listeners.map((one) => one.close()));
}

// A session with its stream, which is ended as it should be, and one call that
// is given up while it runs.
async function comesAndGoes(site) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'soak', version: '1' } };
  const answer = await rpc(site.mcp, 'initialize', params);
  const session = { 'Mcp-Session-Id': answer.headers['mcp-session-id'] };
  const stream = await openStream(site.mcp, { headers: session });
  assert.equal(stream.status, 200);
  const abandoned = await openStream(site.mcp, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ ...callOf(9, 'slow'), params: { name: 'slow', _meta: { progressToken: 1 } } }),
  });
  await abandoned.close();
  assert.equal((await rpc(site.mcp, 'tools/list', undefined, session)).status, 200);
  assert.equal((await request(site.mcp, { method: 'DELETE', headers: session })).status, 204);
  await stream.ended;
}

async function calls(site) {
  for (let n = 0; n < 20; n++) {
    const answer = await rpc(site.mcp, 'tools/call', { name: 'get_client', arguments: { email: 'test@example.com' } });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /Test Client/);
  }
}

// One of everything, at once.
async function roundOf(site) {
  const direct = (at) => ({ socketPath: site.brokerSocket, path: at });
  const behind = (at) => site.url + at;
  const listeners = await Promise.all([direct, behind, direct, behind].map((door) => listens(site, door)));
  await Promise.all([
    ...Array.from({ length: READERS }, (_, n) => reads(n % 2 ? direct : behind, site, n)),
    ...Array.from({ length: CALLERS }, () => calls(site)),
    publishes(site, listeners),
    comesAndGoes(site),
    comesAndGoes(site),
    stalls(site),
    stalls(site),
  ]);
  await atRest(site);
}

// --- the measure -----------------------------------------------------------------

const roles = ['broker', 'worker 1', 'worker 2'];

async function measure(site) {
  await atRest(site);
  const all = {};
  for (const role of roles) {
    const pid = site.pidOf(role);
    all[role] = { pid, bytes: anonymousBytesOf(pid), descriptors: descriptorsOf(pid) };
  }
  return all;
}

const sayOf = (site, role) => `${role} ${anonymousBytesOf(site.pidOf(role)) >> 10} KiB`;

test('a soak: opens, closes, reads, stalls, publishes and calls leave nothing behind', { skip: lacks('nginx'), timeout }, async (t) => {
  const site = await startSite(t, { proxy: 'nginx', config: settings, workers: 2, threads: 6 });
  const idle = {};
  for (const role of roles) idle[role] = descriptorsOf(site.pidOf(role));
  let before;
  const rounds = await forRounds(ROUNDS, async (round) => {
    await roundOf(site);
    if (round === WARM_UP) before = await measure(site);
    if (round % 10 === 0) t.diagnostic(`round ${round}: ${roles.map((role) => sayOf(site, role)).join('; ')}`);
  }, 1);
  const after = await measure(site);
  for (const role of roles) {
    const [one, two] = [before[role], after[role]];
    t.diagnostic(`${role}: ${one.bytes >> 10} KiB after ${WARM_UP} rounds, ${two.bytes >> 10} KiB after ${rounds}`);
    assert.equal(two.pid, one.pid, `${role} is another process`);
    assert.ok(two.bytes <= one.bytes + growth(one.bytes), `${role} has grown`);
    // connections that nginx keeps to a worker are closed 5 s after their last use
    await until(`${role} has closed what it opened`, () => descriptorsOf(one.pid) <= one.descriptors, 20000);
    t.diagnostic(`${role}: ${idle[role]} descriptors at first, ${descriptorsOf(one.pid)} at the end`);
  }
});

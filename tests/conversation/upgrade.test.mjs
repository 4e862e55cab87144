// The programs that are installed now take the place of those that run. Nobody
// who holds a stream, or waits for an answer, sees more than a pause.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { bin } from '../lib/site.mjs';
import { runs, until } from '../lib/stack.mjs';
import { accept, ALL, assertError, file, listen, modern, openClient, openSession, result, startFixture, TASKS, touch, WITH_TASKS, written } from './fixture/fixture.mjs';

// -> { status, out, err } of mcpctl
function ctl(stack, verb) {
  return new Promise((resolve) => {
    execFile(path.join(bin, 'mcpctl'), [verb, '--bus', stack.bus], (error, out, err) => resolve({ status: error ? error.code : 0, out, err }));
  });
}

const upgrades = (program) => [...program.stderr.matchAll(/upgraded, with/g)].length;

// The broker alone, by its signal. -> once it is the new one
async function upgradeBroker(stack) {
  const before = upgrades(stack.broker);
  stack.broker.kill('SIGUSR2');
  await until('the broker is another one', () => upgrades(stack.broker) > before);
}

// A directory with our programs as links, to be replaced one by one.
function installed(dir) {
  const at = path.join(dir, 'bin');
  fs.mkdirSync(at);
  for (const name of ['mcp-broker', 'mcp-fcgi', 'mcp-exec']) fs.copyFileSync(path.join(bin, name), path.join(at, name));
  return at;
}

// Put something else where a program was, as an installation does.
function install(at, name, text) {
  fs.writeFileSync(path.join(at, `${name}.new`), text, { mode: 0o755 });
  fs.renameSync(path.join(at, `${name}.new`), path.join(at, name));
}

// --- the broker ----------------------------------------------------------------------------

test('a stream goes on: its number, its id, its room for replay', async (t) => {
  const stack = await startFixture(t);
  const client = await openClient(stack);
  const { pid } = stack.broker;
  await client.call(0, 'ping', {});
  const first = client.stream.events.all.at(-1).id;
  await upgradeBroker(stack);
  assert.equal(stack.broker.pid, pid);
  await client.call(0, 'ping', {});
  const second = client.stream.events.all.at(-1).id;
  assert.equal(second.split('.')[0], client.id);
  assert.equal(Number(second.split('.')[1]), Number(first.split('.')[1]) + 1);
  assert.equal((await stack.status()).streams.open, 1);

  await client.stream.close();
  await until('it is parked', async () => (await stack.status()).streams.parked === 1);
  await upgradeBroker(stack);
  const back = await stack.greeted({ headers: { 'Last-Event-ID': first } });
  assert.equal(back.id, client.id);
  assert.equal((await back.next('message')).id, second);
  assert.equal(await stack.metric('mcp_broker_streams_resumed_total'), 1);
});

test('a call that runs meanwhile is answered on its stream, once', async (t) => {
  const stack = await startFixture(t);
  const client = await openClient(stack);
  const begun = file(stack);
  const go = file(stack);
  const { id } = await client.begin(0, 'tools/call', { name: 'hold', arguments: { begun, until: go } });
  await written(begun);
  await upgradeBroker(stack);
  assert.equal((await stack.status()).admissions, 1);
  touch(go);
  assert.ok((await client.next(id)).result);
  assert.equal((await stack.status()).admissions, 0);
  await client.call(0, 'ping', {});
  assert.equal(client.stream.events.all.filter((one) => one.data?.includes(`"id":${id}`)).length, 1);
});

test('its worker dies after the upgrade: the broker answers, as it would have before', async (t) => {
  const stack = await startFixture(t);
  const client = await openClient(stack);
  const begun = file(stack);
  const { id } = await client.begin(0, 'tools/call', { name: 'hold', arguments: { begun, until: file(stack) } });
  await written(begun);
  await upgradeBroker(stack);
  stack.workers[0].kill();
  assert.equal((await client.next(id, 10000)).error.code, -32603);
});

test('who was asked before answers after', async (t) => {
  const stack = await startFixture(t, { workers: 2 });
  const session = await openSession(stack, { capabilities: ALL });
  const request = await session.begin(0, 'tools/call', { name: 'ask_forms', arguments: {} });
  const asked = JSON.parse((await request.next((one) => /elicitation/.test(one.data ?? ''))).data);
  await upgradeBroker(stack);
  assert.equal((await stack.status()).awaited, 1);
  await session.answer(1, asked.id, accept('a'));
  await request.answer;
  assert.match(request.events.all.at(-1).data, /"result"/);
});

test('a resumable answer is taken over by a GET after the upgrade', async (t) => {
  const stack = await startFixture(t);
  const session = await openSession(stack);
  const go = file(stack);
  const request = await session.begin(0, 'tools/call', {
    name: 'report', arguments: { n: 4, pause: 2, until: go }, _meta: { progressToken: 'p' } });
  for (let n = 1; n <= 2; n++) await request.next((one) => one.data);
  const seen = request.events.all.at(-1).id;
  await upgradeBroker(stack);
  const stream = await session.stream(seen);
  touch(go);
  const last = await stream.next((one) => /"result"/.test(one.data ?? ''));
  assert.equal(last.id, `${seen.split('.')[0]}.5`);
  assert.equal(await stream.ended, 'end');
});

test('what sessions have set, and that they have ended, is remembered', async (t) => {
  const stack = await startFixture(t, { workers: 2 });
  const session = await openSession(stack);
  const over = await openSession(stack);
  const stream = await session.stream();
  assert.ok((await session.call(0, 'resources/subscribe', { uri: 'fixture://watched' })).result);
  assert.ok((await session.call(0, 'logging/setLevel', { level: 'critical' })).result);
  assert.equal((await over.end(0)).status, 204);
  await upgradeBroker(stack);
  await result(stack, 1, 'tools/call', { name: 'tell', arguments: { uri: 'fixture://watched' } });
  assert.equal((await stream.next('message')).json.method, 'notifications/resources/updated');
  const request = await session.begin(1, 'tools/call', { name: 'log_all', arguments: {} });
  await request.answer;
  assert.equal(request.events.all.filter((one) => /notifications\/message/.test(one.data)).length, 3);
  assert.equal((await stack.say(1, { jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: over.headers })).status, 404);
  assert.equal((await stack.stream({ path: '/mcp', headers: { Accept: 'text/event-stream', ...over.headers } })).status, 404);
});

test('listeners hear of lists, resources and tasks as before', async (t) => {
  const stack = await startFixture(t);
  const tasks = { capabilities: WITH_TASKS };
  const go = file(stack);
  const begun = file(stack);
  const { taskId } = await result(stack, 0, 'tools/call', { name: 'task_hold', arguments: { begun, until: go } }, tasks);
  await written(begun);
  const lists = await listen(stack, { toolsListChanged: true }, { id: 'a' });
  const resource = await listen(stack, { resourceSubscriptions: ['fixture://watched', 'fixture://other'] }, { id: 'b' });
  const task = await listen(stack, { taskIds: [taskId] }, { id: 'c', ...tasks });
  await task.next('message'); // how it is
  await upgradeBroker(stack);
  await result(stack, 0, 'tools/call', { name: 'tell', arguments: { kind: 'tools' } });
  assert.equal((await lists.next('message')).json.method, 'notifications/tools/list_changed');
  await result(stack, 0, 'tools/call', { name: 'tell', arguments: { uri: 'fixture://watched' } });
  assert.equal((await resource.next('message')).json.params._meta['io.modelcontextprotocol/subscriptionId'], 'b');
  assert.equal((await result(stack, 0, 'tasks/get', { taskId }, tasks)).status, 'working');
  touch(go);
  assert.equal((await task.next('message')).json.params.status, 'completed');
  const status = await stack.status();
  assert.deepEqual([status.streams.listening, status.cells], [3, 1]);
});

// Who has nothing to say is listened to again when the broker has time for it.
for (const http of ['unix', '127.0.0.1:0'])
  test(`of a crowd on ${http}, who leaves is missed: before an upgrade, between two, and after`, async (t) => {
    const stack = await startFixture(t, { workers: 0, limits: { max_streams: 1000, max_resumable: 1000 }, broker: http === 'unix' ? true : { http } });
    const port = /:(\d+)$/.exec(stack.broker.ready)?.[1];
    const crowd = await Promise.all(Array.from({ length: 900 }, async () => {
      const raw = await stack.raw(port ? { port, host: '127.0.0.1' } : stack.brokerSocket);
      raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
      await raw.until(/connection_established/);
      return raw;
    }));
    const leave = (n) => crowd.splice(0, n).forEach((one) => one.close());
    const are = (open, parked) => until(`${open} are open, ${parked} are parked`, async () => {
      const { streams } = await stack.status();
      return streams.open === open && streams.parked === parked;
    });
    leave(300);
    await upgradeBroker(stack);
    leave(300);
    await upgradeBroker(stack);
    await are(300, 600);
    leave(300);
    await are(0, 900);
  });

test('heads and bodies that were half there are read to their end', async (t) => {
  const stack = await startFixture(t);
  const head = await stack.raw(stack.brokerSocket);
  head.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nAcc');
  const message = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true },
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {} } } });
  const body = await stack.raw(stack.brokerSocket);
  body.write(`POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream, application/json\r\n` +
    `MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\nContent-Length: ${message.length}\r\n\r\n${message.slice(0, 50)}`);
  // both have been read: whoever came later was answered
  await stack.http('GET', '/nothing');
  await upgradeBroker(stack);
  head.write('ept: text/event-stream\r\n\r\n');
  await head.until(/connection_established/);
  body.write(message.slice(50));
  await body.until(/notifications\/subscriptions\/acknowledged/);
});

test('what a slow reader has not read yet comes after the upgrade, whole and in order', async (t) => {
  const stack = await startFixture(t, { limits: { max_outbox: 8 << 20, replay_bytes: 16 << 20 } });
  const raw = await stack.raw(stack.brokerSocket);
  raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
  const [, id] = /connection_id=([0-9a-f-]+)/.exec(await raw.until(/heartbeat/));
  raw.pause();
  const pad = 'x'.repeat(100000);
  for (let n = 1; n <= 30; n++) {
    const say = { jsonrpc: '2.0', id: n, method: 'tools/call', params: { name: 'echo', arguments: { n, pad } } };
    assert.equal((await stack.say(0, say, { uri: `/mcp/sse/message?connection_id=${id}` })).status, 202);
  }
  await until('all is delivered', async () => (await stack.status()).admissions === 0);
  await upgradeBroker(stack);
  raw.resume();
  const ping = { jsonrpc: '2.0', id: 31, method: 'ping' };
  assert.equal((await stack.say(0, ping, { uri: `/mcp/sse/message?connection_id=${id}` })).status, 202);
  const text = await raw.until(/"id":31\}|"id":31,/);
  const numbers = [...text.matchAll(/^id: [0-9a-f-]+\.(\d+)$/gm)].map(([, n]) => Number(n));
  assert.deepEqual(numbers, Array.from({ length: 32 }, (_, n) => n));
});

test('upgrades one after the other, while events come without a pause', async (t) => {
  const stack = await startFixture(t, { workers: 2 });
  const client = await openClient(stack);
  let running = true;
  let sent = 0;
  const publishers = [0, 1].map(async (i) => {
    for (let n = 0; running; n++, sent++) assert.equal((await client.post(i, { id: `${i}/${n}`, method: 'ping' })).status, 202);
  });
  const first = client.stream.events.all.at(-1).id.split('.')[1];
  for (let n = 0; n < 5; n++) {
    const goal = sent + 20;
    await upgradeBroker(stack);
    await until('events go on', () => sent >= goal);
  }
  running = false;
  await Promise.all(publishers);
  // a POST is acknowledged before its answer is on the stream
  await until('all is answered', async () => (await stack.status()).admissions === 0);
  await client.call(0, 'ping', {});
  const ids = client.stream.events.all.filter((one) => one.event === 'message').map((one) => Number(one.id.split('.')[1]));
  assert.deepEqual(ids, Array.from({ length: sent + 2 }, (_, n) => n + Number(first)));
});

test('a program that does not start, or says no, leaves the old one running', async (t) => {
  const stack = await startFixture(t, { workers: 0, broker: false });
  const at = installed(stack.dir);
  await stack.startBroker({ from: at });
  await stack.startWorker();
  await stack.hasBroker();
  const client = await openClient(stack);
  for (const [text, why] of [['#!/bin/sh\necho this is too old >&2; exit 1\n', /this is too old/], ['nonsense', /cannot be started|does not take over/]]) {
    install(at, 'mcp-broker', text);
    const done = await ctl(stack, 'upgrade');
    assert.equal(done.status, 1, done.out);
    assert.match(done.err, why);
    await client.call(0, 'ping', {});
  }
  assert.equal(upgrades(stack.broker), 0);
});

// When the signal comes, which who is asked, or who comes, sends itself; and in
// the second the broker's threads are so late that they begin only then.
const MOMENTS = {
  'while the installed program is asked': { asked: 'kill -TERM $PPID' },
  'when it has said yes': { asked: '(while kill -0 $$ 2>&-; do :; done; kill -TERM $PPID; echo >"$LATE") &' },
  'when it is executed': { executed: 'kill -TERM $$' },
};

for (const [moment, { asked = ':', executed = ':' }] of Object.entries(MOMENTS))
  test(`a broker that is asked to end ${moment}, ends`, async (t) => {
    const stack = await startFixture(t, { workers: 0, broker: false });
    const at = installed(stack.dir);
    fs.renameSync(path.join(at, 'mcp-broker'), path.join(at, 'real'));
    install(at, 'mcp-broker', `#!/bin/bash
case "$*" in
*--check-state*) ${asked}
  exit 0 ;;
*--state*) ${executed} ;;
esac
exec -a "$0" ${path.join(at, 'real')} "$@"
`);
    for (let n = 0; n < 5; n++) {
      const late = file(stack);
      const env = {
        LATE: late,
        LD_PRELOAD: path.join(bin, 'tests/conversation/fixture/late.so'),
        ASAN_OPTIONS: 'verify_asan_link_order=0:detect_leaks=0',
        // what libzmq does is not looked at, its joins too; but we make its threads
        TSAN_OPTIONS: `${process.env.TSAN_OPTIONS ?? ''}:report_thread_leaks=0`,
      };
      if (!asked.includes('LATE')) touch(late);
      const broker = await stack.startBroker({ from: at, env });
      broker.kill('SIGUSR2');
      await until('it has ended', () => !runs(broker.pid));
      assert.equal(await broker.exited, 0, broker.stderr);
    }
  });

// The first is heard in the turn of the loop before the exec, which is the last
// one then.
test('a broker that was asked to end at the last moment hears no second signal', async (t) => {
  const change = (all) => ({ ...all, tools: [{ name: 'big', description: 'Says much', text: 'x'.repeat(100000) }] });
  const stack = await startFixture(t, { broker: false, workers: 0, limits: { max_outbox: 8 << 20 }, change });
  const at = installed(stack.dir);
  const last = file(stack);
  const env = { LAST: last, LD_PRELOAD: path.join(bin, 'tests/conversation/fixture/late.so'), ASAN_OPTIONS: 'verify_asan_link_order=0:detect_leaks=0' };
  const broker = await stack.startBroker({ from: at, env });
  await stack.startWorker();
  await stack.hasBroker();
  const raw = await stack.raw(stack.brokerSocket);
  raw.write('GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
  const [, id] = /connection_id=([0-9a-f-]+)/.exec(await raw.until(/heartbeat/));
  raw.pause(); // what waits for it is waited for
  for (let n = 1; n <= 30; n++) {
    const request = { jsonrpc: '2.0', id: n, method: 'tools/call', params: { name: 'big' } };
    assert.equal((await stack.say(0, request, { uri: `/mcp/sse/message?connection_id=${id}` })).status, 202);
  }
  await until('some of it waits', async () => (await stack.status()).streams.behind === 1);
  install(at, 'mcp-broker', `#!/bin/sh\n: >${last}\n`);
  const ended = broker.kill('SIGUSR2');
  await until('it is ending', () => /ending 1 streams/.test(broker.stderr));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGTERM']) broker.kill(signal);
  raw.resume();
  assert.equal(await ended, 0);
});

test('the program that is asked is given nothing but the state, by one that was left it too', async (t) => {
  const stack = await startFixture(t, { workers: 0, broker: false });
  const at = installed(stack.dir);
  await stack.startBroker({ from: at });
  const streams = await Promise.all([stack.greeted(), stack.greeted()]);
  const list = file(stack);
  for (let n = 1; n <= 2; n++) {
    install(at, 'mcp-broker', `#!/bin/bash\nls -l /proc/$$/fd >${list}; exit 1\n`);
    assert.equal((await ctl(stack, 'upgrade')).status, 1);
    assert.doesNotMatch(fs.readFileSync(list, 'utf8'), /socket:|anon_inode/);
    install(at, 'mcp-broker', fs.readFileSync(path.join(bin, 'mcp-broker')));
    await upgradeBroker(stack);
  }
  assert.deepEqual(streams.map((one) => one.events.over), [null, null]);
});

test('a program that is not there at all: nothing is left open, however often it is tried', async (t) => {
  const stack = await startFixture(t, { workers: 0, broker: false });
  const at = installed(stack.dir);
  await stack.startBroker({ from: at });
  fs.unlinkSync(path.join(at, 'mcp-broker'));
  const { descriptors } = stack.broker;
  for (let n = 0; n < 3; n++) assert.match((await ctl(stack, 'upgrade')).err, /cannot be started/);
  for (let n = 0; n < 50; n++) stack.broker.kill('SIGUSR2'); // two in one turn of its loop, too
  assert.match((await ctl(stack, 'upgrade')).err, /cannot be started/);
  await until('no more are open', () => stack.broker.descriptors <= descriptors);
});

test('a reload that begins while it asks is done first', async (t) => {
  const stack = await startFixture(t, { workers: 0, broker: false });
  const at = installed(stack.dir);
  const asked = file(stack);
  const checks = file(stack);
  const go = file(stack);
  for (const name of ['mcp-broker', 'mcp-fcgi']) fs.copyFileSync(path.join(at, name), path.join(at, `real-${name}`));
  await stack.startBroker({ from: at });
  await stack.startWorker({ from: at });
  await stack.hasBroker();
  install(at, 'mcp-fcgi', `#!/bin/bash
case "$*" in *--check*) echo >>${checks}; while [ ! -e ${go} ]; do read -t 0.02 <> <(:); done ;; esac
exec -a "$0" ${path.join(at, 'real-mcp-fcgi')} "$@"
`);
  install(at, 'mcp-broker', `#!/bin/bash
case "$*" in *--check-state*) [ -e ${asked} ] || { kill -HUP $PPID; while [ ! -s ${checks} ]; do read -t 0.02 <> <(:); done; echo >${asked}; } ;; esac
exec -a "$0" ${path.join(at, 'real-mcp-broker')} "$@"
`);
  const site = JSON.parse(fs.readFileSync(stack.config, 'utf8'));
  site.tools.push({ name: 'is_new', text: 'yes' });
  fs.writeFileSync(stack.config, JSON.stringify(site));
  stack.broker.kill('SIGUSR2');
  await written(asked).catch(() => {});
  touch(go);
  await until('it is another one', () => upgrades(stack.broker) === 1);
  assert.ok(await result(stack, 0, 'tools/call', { name: 'is_new', arguments: {} }));
  assert.deepEqual(fs.readFileSync(`/proc/${stack.broker.pid}/task/${stack.broker.pid}/children`, 'utf8'), '');
});

test('a program that said yes and cannot read what it was left begins anew', async (t) => {
  const stack = await startFixture(t, { workers: 0, broker: false });
  const at = installed(stack.dir);
  fs.copyFileSync(path.join(at, 'mcp-broker'), path.join(at, 'real'));
  await stack.startBroker({ from: at });
  await stack.startWorker();
  await stack.hasBroker();
  const client = await openClient(stack);
  const { pid } = stack.broker;
  // it says yes to anything, and begins with a state that is cut off
  install(at, 'mcp-broker', `#!/bin/bash
case "$*" in
*--check-state*) exit 0 ;;
*--state*) cut=$(mktemp); head -c 200 <&"\${@: -1}" >"$cut"; exec 99<"$cut"; rm "$cut"
  set -- "\${@:1:$#-1}" 99 ;;
esac
exec -a "$0" ${path.join(at, 'real')} "$@"
`);
  stack.broker.kill('SIGUSR2');
  await until('it says so', () => /the state I was left/.test(stack.broker.stderr));
  await client.stream.ended;
  await until('it is ready again', () => [...stack.broker.stderr.matchAll(/ready on/g)].length === 2);
  assert.equal(stack.broker.pid, pid);
  await stack.hasBroker();
  const again = await openClient(stack);
  await again.call(0, 'ping', {});
});

// --- the workers ---------------------------------------------------------------------------

// A call that has begun, and waits for its file.
async function holdCall(stack) {
  const [begun, go] = [file(stack), file(stack)];
  const connection = await stack.connect(0);
  const held = connection.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hold', arguments: { begun, until: go } } });
  await written(begun);
  return { connection, held, go };
}

test('a worker is replaced under a kept connection, which serves on', async (t) => {
  const stack = await startFixture(t);
  const connection = await stack.connect(0);
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  assert.equal((await connection.post('/mcp', ping).answer).status, 200);
  const before = stack.workers[0].pid;
  for (let n = 1; n <= 3; n++) {
    stack.workers[0].kill('SIGUSR2');
    await until('another is in its place', () => stack.workers[0].heirs.length === n);
    assert.equal((await connection.post('/mcp', ping).answer).status, 200);
  }
  assert.notEqual(stack.workers[0].pid, before);
  await until('the first has ended', () => !runs(before));
  assert.equal((await stack.workers[0].exited), 0);
});

test('calls that run are answered by whom they were begun, and their connections serve on', async (t) => {
  const stack = await startFixture(t);
  const { connection, held, go } = await holdCall(stack);
  const before = stack.workers[0].pid;
  stack.workers[0].kill('SIGUSR2');
  await until('another is in its place', () => stack.workers[0].heirs.length === 1);
  assert.equal((await stack.say(0, { jsonrpc: '2.0', id: 2, method: 'ping' })).status, 200);
  assert.ok(runs(before), 'it has a call to answer');
  touch(go);
  assert.ok((await held.answer).json.result);
  assert.equal((await connection.post('/mcp', { jsonrpc: '2.0', id: 3, method: 'ping' }).answer).status, 200);
  await until('the first has ended', () => !runs(before));
});

test('one that was replaced before, and does not answer any more, is not waited for', async (t) => {
  const stack = await startFixture(t);
  const { connection, held, go } = await holdCall(stack);
  const first = stack.workers[0].pid;
  assert.equal((await ctl(stack, 'upgrade')).status, 0);
  process.kill(first, 'SIGSTOP'); // as if it ended while the broker is away
  const began = performance.now();
  const done = await ctl(stack, 'upgrade');
  process.kill(first, 'SIGCONT');
  assert.ok(performance.now() - began < 3000, 'it was waited for');
  assert.equal(done.out, 'the broker has 0 streams; 1 workers replaced\n', done.err);
  touch(go);
  assert.ok((await held.answer).json.result);
  await until('the first has ended', () => !runs(first));
});

test('a task of a worker that was replaced is done to its end', async (t) => {
  const stack = await startFixture(t);
  const tasks = { capabilities: WITH_TASKS };
  const go = file(stack);
  const begun = file(stack);
  const { taskId } = await result(stack, 0, 'tools/call', { name: 'task_hold', arguments: { begun, until: go } }, tasks);
  await written(begun);
  const before = stack.workers[0].pid;
  stack.workers[0].kill('SIGUSR2');
  await until('another is in its place', () => stack.workers[0].heirs.length === 1);
  assert.equal((await result(stack, 0, 'tasks/get', { taskId }, tasks)).status, 'working');
  touch(go);
  await until('it is done', async () => (await result(stack, 0, 'tasks/get', { taskId }, tasks)).status === 'completed');
  await until('the first has ended', () => !runs(before));
});

test('a worker that cannot be replaced serves on, and says so', async (t) => {
  const stack = await startFixture(t, { workers: 0 });
  const at = installed(stack.dir);
  await stack.startWorker({ from: at });
  await stack.hasBroker();
  install(at, 'mcp-fcgi', '#!/bin/sh\nexit 1\n');
  const done = await ctl(stack, 'upgrade');
  assert.equal(done.status, 1);
  assert.match(done.err, /worker \d+ could not be replaced/);
  assert.match(stack.workers[0].stderr, /does not start; we go on/);
  assert.equal((await stack.say(0, { jsonrpc: '2.0', id: 1, method: 'ping' })).status, 200);
});

test('mcpctl upgrade does both, again and again, under calls without a pause', async (t) => {
  const stack = await startFixture(t, { workers: 2 });
  const client = await openClient(stack);
  let running = true;
  let served = 0;
  const callers = [0, 1, 0, 1].map(async (i) => {
    const connection = await stack.connect(i);
    while (running) {
      const answer = await connection.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call',
        params: { name: 'get_client', arguments: { email: 'test@example.com' } } }).answer;
      assert.equal(answer.status, 200, answer.text);
      served++;
    }
  });
  for (let n = 1; n <= 3; n++) {
    const goal = served + 50;
    const done = await ctl(stack, 'upgrade');
    assert.equal(done.status, 0, done.err);
    assert.equal(done.out, 'the broker has 1 streams; 2 workers replaced\n');
    await until('calls go on', () => served >= goal);
  }
  running = false;
  await Promise.all(callers);
  await client.call(1, 'ping', {});
});

// One act: the file is read again, by all processes or by none.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { bin, readConfig, top } from '../lib/site.mjs';
import { startStack, until } from '../lib/stack.mjs';
import { file, listen, openClient, openSession, result, touch } from './fixture/fixture.mjs';

const FIXTURE = path.join(bin, 'tests/conversation/fixture/fixture.so');
const VERSION = path.join(bin, 'tests/conversation/fixture/version.so');
const LISTS = ['tools', 'prompts', 'resources'];
const ALL_LISTS = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const which = (text) => ({ name: 'which', description: 'Says which file it is from', text });

// A site of version 1.
function startSite(t, { change, ...options } = {}) {
  return startStack(t, {
    workers: 4,
    ...options,
    change: (config) => {
      config.server.version = '1';
      config.tools.push(which('1'));
      return change?.(config) ?? config;
    },
  });
}

function edit(stack, change) {
  const config = readConfig(stack.config);
  fs.writeFileSync(stack.config, JSON.stringify(change(config) ?? config, null, 2));
}

// The file becomes that of the next version.
const next = (stack, version = '2') =>
  edit(stack, (config) => {
    config.server.version = version;
    config.tools.find((one) => one.name === 'which').text = version;
  });

// -> { status, out, err } of mcpctl
function ctl(stack, ...args) {
  return new Promise((resolve) => {
    execFile(path.join(bin, 'mcpctl'), [args[0], '--bus', stack.bus, ...args.slice(1)], (error, out, err) =>
      resolve({ status: error ? error.code : 0, out, err }),
    );
  });
}

async function reload(stack) {
  const done = await ctl(stack, 'reload');
  assert.equal(done.status, 0, done.err);
  return done;
}

// Both of one answer: what the server says it is, and what its tool says.
async function versions(stack, i) {
  const answer = await result(stack, i, 'tools/call', { name: 'which', arguments: {} });
  return [answer._meta['io.modelcontextprotocol/serverInfo'].version, answer.content[0].text];
}

async function assertVersion(stack, version) {
  for (let i = 0; i < stack.workers.length; i++) assert.deepEqual(await versions(stack, i), [version, version]);
}

const configs = async (stack) => {
  const { config, processes } = await stack.status();
  return new Set([config, ...processes.map((one) => one.config)]);
};

test('what was edited is served by every process once mcpctl reload has returned', async (t) => {
  const stack = await startSite(t);
  next(stack);
  await assertVersion(stack, '1');
  const { out } = await reload(stack);
  await assertVersion(stack, '2');
  const digest = /the site is ([0-9a-f]{64}); told 0/.exec(out)[1];
  await until('all say so', async () => [...(await configs(stack))].join() === digest);
  assert.deepEqual(fs.readdirSync(stack.dir).filter((name) => name.startsWith('snapshot-')), [`snapshot-${digest}`]);
  assert.equal(fs.statSync(path.join(stack.dir, `snapshot-${digest}`)).mode & 0o777, 0o600);
});

test('what was not edited is reloaded too, and is the same', async (t) => {
  const stack = await startSite(t, { workers: 1 });
  const [one, other] = await Promise.all([reload(stack), reload(stack)]);
  assert.equal(one.out, other.out);
  await assertVersion(stack, '1');
});

test('a broken file changes nothing and says why, with its line', async (t) => {
  const stack = await startSite(t);
  const whole = fs.readFileSync(stack.config, 'utf8');
  const before = await configs(stack);
  for (const [text, pattern] of [
    [whole.replace('"tools"', '"tolls"'), /mcp\.json:\d+: "tolls" is no key of the file\. Did you mean "tools"\?/],
    [whole.slice(0, -9), /mcp\.json:\d+: /],
    [whole.replace('SELECT id, name, email', 'SELECT id, nome, email'), /"get_client": the query does not prepare: no such column: nome/],
  ]) {
    fs.writeFileSync(stack.config, text);
    const done = await ctl(stack, 'reload');
    assert.equal(done.status, 1);
    assert.match(done.err, pattern);
    assert.match(done.err, /nothing has changed/);
  }
  fs.rmSync(stack.config);
  assert.match((await ctl(stack, 'reload')).err, /cannot be read: No such file/);
  await assertVersion(stack, '1');
  assert.deepEqual(await configs(stack), before);
  assert.equal(fs.readdirSync(stack.dir).filter((name) => name.startsWith('snapshot-')).length, 1);
});

test('warnings are told, and are no refusal', async (t) => {
  const stack = await startSite(t, { workers: 1 });
  edit(stack, (config) => {
    config.tools[0].name = 'get.client';
  });
  assert.match((await reload(stack)).err, /warning: some clients refuse the name "get\.client"/);
});

test('SIGHUP to the broker, or to any worker, is a reload', async (t) => {
  const stack = await startSite(t, { workers: 2 });
  for (const [version, program] of [['2', stack.broker], ['3', stack.workers[1]]]) {
    next(stack, version);
    program.kill('SIGHUP');
    for (const i of [0, 1]) await until(`worker ${i} has it`, async () => (await versions(stack, i))[0] === version);
    await assertVersion(stack, version);
  }
});

test('each stream that asked is told once of each list that has changed, and of no other', async (t) => {
  const stack = await startSite(t);
  const clients = [
    { stream: await listen(stack, ALL_LISTS), asked: LISTS },
    { stream: await listen(stack, { promptsListChanged: true }), asked: ['prompts'] },
    { stream: await (await openSession(stack)).stream(), asked: LISTS },
    { stream: (await openClient(stack)).stream, asked: LISTS },
    { stream: (await openClient(stack, { seed: true })).stream, asked: LISTS },
  ];
  const silent = await stack.greeted(); // has not initialized
  for (const list of LISTS) {
    edit(stack, (config) => {
      config[list][0].title = `Another ${list}`;
    });
    const { out } = await reload(stack);
    const asked = clients.filter((one) => one.asked.includes(list));
    assert.match(out, new RegExp(`told ${asked.length}$`, 'm'));
    for (const one of asked) {
      assert.equal((await one.stream.next('message')).json.method, `notifications/${list}/list_changed`);
    }
  }
  next(stack, '7'); // a text that is in no list
  assert.match((await reload(stack)).out, /told 0/);
  edit(stack, (config) => {
    config.resourceTemplates[0].title = 'Another';
    delete config.prompts;
  });
  await reload(stack);
  for (const one of clients) {
    const rest = one.asked.filter((list) => list !== 'tools');
    const told = [];
    for (const _ of rest) told.push((await one.stream.next('message')).json.method);
    assert.deepEqual(told.sort(), rest.map((list) => `notifications/${list}/list_changed`).sort());
  }
  const isNews = (one) => one.data?.includes('list_changed');
  const counted = clients.map((one) => one.stream.events.all.filter(isNews).length);
  assert.deepEqual(counted, [5, 2, 5, 5, 5]);
  assert.equal(silent.events.all.filter(isNews).length, 0);
});

test('1,000 calls in flight finish with what they began with, and those that come see all of the new', async (t) => {
  const stack = await startSite(t, { limits: { parked_ms: 60000 }, change: (config) => void (config.plugins = [FIXTURE]) });
  const held = file(stack);
  const flying = Array.from({ length: 1000 }, (_, i) =>
    result(stack, i % 4, 'tools/call', { name: 'hold', arguments: { until: held } }),
  );
  await until('all have come', async () => {
    const { processes } = await stack.status();
    return processes.reduce((sum, one) => sum + one.running, 0) > 20;
  });
  next(stack);
  await reload(stack);
  // a process whose slots are all taken parks what comes now, so it is looked at once they are free
  const after = Array.from({ length: 40 }, (_, i) => versions(stack, i % 4));
  touch(held);
  for (const one of await Promise.all(flying)) {
    assert.equal(one._meta['io.modelcontextprotocol/serverInfo'].version, '1');
    assert.notEqual(one.isError, true);
  }
  for (const pair of await Promise.all(after)) assert.deepEqual(pair, ['2', '2']);
});

test('callers that never pause see no error, never half, and never the old one again', async (t) => {
  const stack = await startSite(t);
  const last = 8;
  let done = false;
  const callers = Array.from({ length: 16 }, async (_, n) => {
    const seen = [];
    while (!done) {
      const [told, said] = await versions(stack, n % 4);
      assert.equal(told, said);
      if (seen.at(-1) !== said) seen.push(said);
    }
    assert.deepEqual(seen, seen.toSorted());
    return seen;
  });
  for (let version = 2; version <= last; version++) {
    next(stack, String(version));
    await reload(stack);
    await assertVersion(stack, String(version));
  }
  done = true;
  for (const seen of await Promise.all(callers)) assert.equal(seen.at(-1), String(last));
});

test('a process that starts between two reloads serves what the others serve', async (t) => {
  const stack = await startSite(t, { workers: 1 });
  next(stack);
  await stack.startWorker();
  await assertVersion(stack, '1');
  fs.writeFileSync(stack.config, '{');
  await stack.startWorker();
  await assertVersion(stack, '1');
});

test('a broker that was killed comes back with what it had, though the file is broken by now', async (t) => {
  const stack = await startSite(t, { workers: 2 });
  next(stack);
  await reload(stack);
  fs.writeFileSync(stack.config, '{');
  await stack.broker.kill('SIGKILL');
  await stack.startBroker();
  assert.match(stack.broker.stderr, /is not served: the site stays as it was/);
  await stack.hasBroker(0);
  await assertVersion(stack, '2');
});

test('a broker that finds another file brings its workers to it', async (t) => {
  const stack = await startSite(t, { workers: 2 });
  next(stack);
  await stack.broker.kill('SIGTERM');
  await stack.startBroker();
  for (const i of [0, 1]) await until(`worker ${i} has it`, async () => (await versions(stack, i))[0] === '2');
});

test('slow: a process that stands still is not waited for when it counts as dead, and catches up', async (t) => {
  const stack = await startSite(t, { workers: 3 });
  stack.workers[1].freeze();
  next(stack);
  await reload(stack);
  for (const i of [0, 2]) assert.deepEqual(await versions(stack, i), ['2', '2']);
  stack.workers[1].thaw();
  await until('it caught up', async () => (await versions(stack, 1))[0] === '2');
});

test('a plugin that was built anew is loaded anew, while calls of the old one run on', async (t) => {
  const own = (stack) => path.join(stack.dir, 'version.so');
  const stack = await startSite(t, {
    workers: 2,
    change: (config) => {
      config.tools.pop();
      config.plugins = [FIXTURE, 'version.so'];
      return config;
    },
    prepare: (dir) => fs.copyFileSync(VERSION, path.join(dir, 'version.so')),
  });
  const bytes = fs.readFileSync(VERSION);
  const say = async (i) => (await result(stack, i, 'tools/call', { name: 'which', arguments: {} })).content[0].text;
  const held = file(stack);
  const flying = result(stack, 0, 'tools/call', { name: 'hold', arguments: { until: held } });
  for (let n = 2; n < 6; n++) {
    const built = Buffer.from(bytes.toString('latin1').replaceAll('version-1', `version-${n}`), 'latin1');
    fs.writeFileSync(`${own(stack)}.new`, built);
    fs.renameSync(`${own(stack)}.new`, own(stack));
    await reload(stack);
    for (const i of [0, 1]) assert.equal(await say(i), `version-${n}`);
  }
  touch(held);
  assert.equal((await flying).isError, undefined);
});

test('what one process refuses is committed by none', async (t) => {
  const stack = await startSite(t, {
    workers: 3,
    prepare: (dir) => fs.copyFileSync(VERSION, path.join(dir, 'version.so')),
  });
  fs.writeFileSync(path.join(stack.dir, 'version.so.refuse'), String(stack.workers[2].pid));
  next(stack);
  edit(stack, (config) => {
    config.tools = config.tools.filter((one) => one.name !== 'which');
    config.plugins = ['version.so'];
  });
  const done = await ctl(stack, 'reload');
  assert.equal(done.status, 1);
  assert.match(done.err, /its mcp_plugin_init\(\) refused/);
  assert.match(done.err, /a worker process cannot take it/);
  await assertVersion(stack, '1');
  fs.rmSync(path.join(stack.dir, 'version.so.refuse'));
  await reload(stack);
  for (const i of [0, 1, 2]) assert.equal((await versions(stack, i))[1], 'version-1');
});

test('limits of the broker change too', async (t) => {
  const stack = await startSite(t, { workers: 1 });
  edit(stack, (config) => {
    config.limits = { max_streams: 1 };
  });
  await reload(stack);
  await stack.greeted();
  assert.equal((await stack.stream()).status, 503);
});

test('without a broker, reload and notify say so', async (t) => {
  const stack = await startSite(t, { workers: 1, broker: false });
  stack.workers[0].kill('SIGHUP');
  await until('the worker says so', () => /no reload: the broker cannot be reached/.test(stack.workers[0].stderr));
  const done = await ctl(stack, 'notify', 'tools');
  assert.equal(done.status, 1);
  assert.match(done.err, /no broker answers at ipc:/);
});

// --- mcpctl notify ---------------------------------------------------------------------

test('mcpctl notify tells who asked, in every era', async (t) => {
  const stack = await startSite(t, { workers: 1 });
  const uri = 'crm://clients/7';
  const session = await openSession(stack);
  await session.call(0, 'resources/subscribe', { uri });
  const streams = [
    await listen(stack, { ...ALL_LISTS, resourceSubscriptions: [uri] }),
    await session.stream(),
  ];
  for (const list of LISTS) {
    assert.equal((await ctl(stack, 'notify', list)).out, 'told 2\n');
    for (const stream of streams) assert.equal((await stream.next('message')).json.method, `notifications/${list}/list_changed`);
  }
  assert.equal((await ctl(stack, 'notify', 'resource', uri, 'crm://clients/8')).out, 'told 2\ntold 0\n');
  for (const stream of streams) {
    const { json } = await stream.next('message');
    assert.equal(json.method, 'notifications/resources/updated');
    assert.equal(json.params.uri, uri);
  }
  for (const words of [[], ['resource'], ['tools', 'x'], ['nothing']]) {
    const done = await ctl(stack, 'notify', ...words);
    assert.equal(done.status, 2);
    assert.match(done.err, /^usage: mcpctl notify/);
  }
});

// What wire.txt shows the site's own application, run as it stands there.
test('a letter of the site’s own application, as wire.txt has it, does the same', { skip: lacksZmq() }, async (t) => {
  const stack = await startSite(t, { workers: 1 });
  const stream = await listen(stack, { resourceSubscriptions: ['crm://clients/7'] });
  const wire = fs.readFileSync(path.join(top, 'doc/wire.txt'), 'utf8');
  const code = /In Python:\n\n((?: {4}.*\n|\n)+)/.exec(wire)[1].replace(/^ {4}/gm, '');
  const here = code.replace('ipc:///run/mcp-fcgi/bus.sock', stack.bus);
  const out = execFileSync('/usr/bin/python3', ['-c', `${here}\nprint(answer[2], struct.unpack(">Q", answer[24:])[0])`], { timeout: 10000 });
  assert.equal(out.toString(), '1 1\n');
  assert.equal((await stream.next('message')).json.params.uri, 'crm://clients/7');
});

function lacksZmq() {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import zmq'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'python3-zmq is not installed';
  }
}

test('documents that $ref names are a part of the snapshot, and formats are checked where that is said', async (t) => {
  const write = (dir, least) =>
    fs.writeFileSync(
      path.join(dir, 'common.schema.json'),
      JSON.stringify({ $id: 'https://acme.example/common', $defs: { age: { type: 'integer', minimum: least } } }),
    );
  const properties = { age: { $ref: 'https://acme.example/common#/$defs/age' }, mail: { type: 'string', format: 'email' } };
  const stack = await startSite(t, {
    workers: 2,
    prepare: (dir) => write(dir, 1),
    change: (config) => {
      config.schemas = ['common.schema.json'];
      config.server.formats = true;
      config.tools.push({ name: 'birthday', description: 'Counts', inputSchema: { type: 'object', properties }, text: '{age}' });
    },
  });
  const told = async (i, args) => {
    const { isError, content } = await result(stack, i, 'tools/call', { name: 'birthday', arguments: args });
    return isError ? content[0].text : null;
  };
  assert.equal(await told(0, { age: 5, mail: 'a@example.com' }), null);
  assert.match(await told(1, { age: 0 }), /age/);
  assert.match(await told(0, { mail: 'nothing' }), /mail/);
  write(stack.dir, 7);
  await reload(stack);
  for (const i of [0, 1]) assert.match(await told(i, { age: 5 }), /age/);
  fs.rmSync(path.join(stack.dir, 'common.schema.json'));
  await stack.startWorker();
  assert.match(await told(2, { age: 5 }), /age/);
  assert.equal(await told(2, { age: 7 }), null);
});

// I am the official TypeScript SDKs 1.x and 2.x in the revisions with sessions,
// over both transports. Four processes serve me: what I am asked in one, I
// answer in another.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as two from '@modelcontextprotocol/client';
import { Client as ClientOne } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseOne } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as HttpOne } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as types from '@modelcontextprotocol/sdk/types.js';
import { post, request } from '../lib/http.mjs';
import { bin, lacks, makeDirectory, startSite } from '../lib/site.mjs';
import { Arrivals } from '../lib/sse.mjs';
import { slowTool, until } from '../lib/stack.mjs';
import { startFront } from './front.mjs';

const PROCESSES = 4;
const ENDS = Number(process.env.MCP_ENDS ?? 1000);
const CANCELS = 9; // of which the middle one counts
const CANCEL_MS = 100;
const ANSWER_MS = 10000; // later than that is silence

const SSE = 'HTTP+SSE';
const HTTP = 'Streamable HTTP';
const WATCHED = 'test://watched-resource';
const KEPT = 'test://static-binary'; // subscribed to by streams that are left parked

// The example, with tools that ask, that go step by step, and that never end.
function change(config) {
  const plugins = ['tests/conformance/conformance.so', 'tests/clients/fixture/fixture.so'];
  config.plugins = plugins.map((name) => path.join(bin, name));
  config.limits = { ...config.limits, retry_ms: 50 };
  config.tools.push(slowTool(60000));
  return config;
}

const patience = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 1000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 5,
};

// --- two SDKs, one way to speak of them ----------------------------------------

const sdks = {
  '1.x': {
    Client: ClientOne,
    [SSE]: SseOne,
    [HTTP]: HttpOne,
    onRequest: (client, method, answer) =>
      client.setRequestHandler(
        {
          'elicitation/create': types.ElicitRequestSchema,
          'sampling/createMessage': types.CreateMessageRequestSchema,
          'roots/list': types.ListRootsRequestSchema,
        }[method],
        answer,
      ),
    onNotification: (client, method, hear) =>
      client.setNotificationHandler(
        {
          'notifications/message': types.LoggingMessageNotificationSchema,
          'notifications/resources/updated': types.ResourceUpdatedNotificationSchema,
          'notifications/tools/list_changed': types.ToolListChangedNotificationSchema,
        }[method],
        hear,
      ),
    callTool: (client, params, options) => client.callTool(params, undefined, options),
  },
  '2.x': {
    Client: two.Client,
    [SSE]: two.SSEClientTransport,
    [HTTP]: two.StreamableHTTPClientTransport,
    onRequest: (client, method, answer) => client.setRequestHandler(method, answer),
    onNotification: (client, method, hear) => client.setNotificationHandler(method, hear),
    callTool: (client, params, options) => client.callTool(params, options),
  },
};
const kinds = Object.keys(sdks).flatMap((sdk) => [HTTP, SSE].map((transport) => ({ sdk, transport })));

const roots = [{ uri: 'file:///home/ada', name: 'home' }];
const sampled = { role: 'assistant', model: 'test-model', content: { type: 'text', text: 'Paris' } };
const filledIn = { name: 'Ada', colour: 'blue', username: 'ada', email: 'ada@example.com' };

// What a user answers who knows what they are asked for.
function fillIn({ params }) {
  const names = Object.keys(params.requestedSchema.properties);
  return { action: 'accept', content: Object.fromEntries(names.map((name) => [name, filledIn[name]])) };
}

// An answer whose stream can be cut as a failing network would. peer.seen is the
// last id that came on it.
function severable(answer, peer, verb) {
  const decoder = new TextDecoder();
  let text = '';
  const pipe = new TransformStream({
    start: (one) => peer.streams.push({ verb, cut: () => one.error(new Error('cut by the test')) }),
    transform(bytes, one) {
      const lines = (text + decoder.decode(bytes, { stream: true })).split('\n');
      text = lines.pop();
      for (const line of lines) if (line.startsWith('id: ')) peer.seen = line.slice(4);
      one.enqueue(bytes);
    },
  });
  return new Response(answer.body.pipeThrough(pipe), answer);
}

// A connected client. asked: what it was asked; heard: the notifications that
// came; errors: what the SDK surfaced; answers: { verb, status, lastEventId } of
// each HTTP answer; streams: { verb, cut } of each event stream.
async function connect(t, site, { sdk, transport: name }, capabilities = { elicitation: {}, sampling: {}, roots: {} }) {
  const { Client, onRequest, onNotification, callTool, [name]: Transport } = sdks[sdk];
  const peer = { transportName: name, asked: [], heard: new Arrivals(), errors: [], answers: new Arrivals(), streams: [] };
  const client = new Client({ name: 'tests', version: '1.0.0' }, { capabilities, enforceStrictCapabilities: true });
  peer.answer = {
    'elicitation/create': fillIn,
    'sampling/createMessage': () => sampled,
    'roots/list': () => ({ roots }),
  };
  for (const method of Object.keys(peer.answer)) {
    const capability = { e: 'elicitation', s: 'sampling', r: 'roots' }[method[0]];
    if (!capabilities[capability]) continue;
    onRequest(client, method, (...all) => {
      peer.asked.push(method);
      return peer.answer[method](...all);
    });
  }
  for (const word of ['message', 'resources/updated', 'tools/list_changed']) {
    onNotification(client, `notifications/${word}`, ({ method, params }) => peer.heard.push({ method, params }));
  }
  client.onerror = (error) => peer.errors.push(error);
  peer.client = client;
  peer.transport = new Transport(new URL(name === SSE ? `${site.mcp}/sse` : site.mcp), {
    reconnectionOptions: patience,
    fetch: async (url, init = {}) => {
      const verb = init.method ?? 'GET';
      const headers = new Headers(init.headers);
      // Over HTTP+SSE both SDKs lose the Last-Event-ID that the EventSource
      // beneath them sends: whoever wants to resume puts it back.
      if (name === SSE && verb === 'GET' && peer.seen) headers.set('Last-Event-ID', peer.seen);
      const answer = await fetch(url, { ...init, headers });
      const lastEventId = headers.get('last-event-id');
      peer.answers.push({ verb, status: answer.status, lastEventId });
      const isStream = answer.status === 200 && answer.headers.get('content-type') === 'text/event-stream';
      return isStream ? severable(answer, peer, verb) : answer;
    },
  });
  peer.call = (tool, args = {}, options = {}) => callTool(client, { name: tool, arguments: args }, options);
  peer.say = async (tool, args, options) => {
    const { content, isError } = await peer.call(tool, args, options);
    assert.notEqual(isError, true, JSON.stringify(content));
    return content.map((part) => part.text);
  };
  t.after(() => client.close());
  await client.connect(peer.transport);
  // its own stream, on which it may be told things
  if (name === HTTP) await peer.answers.next(opened);
  return peer;
}

const opened = ({ verb, status }) => verb === 'GET' && status === 200;

const cameBack = (one) => opened(one) && one.lastEventId;

function cut(peer, verb) {
  peer.streams.findLast((one) => one.verb === verb).cut();
}

const refused = (code, message = /./) => (error) => {
  assert.equal(error.code, code, `${error}`);
  assert.match(error.message, message);
  return true;
};

// Whatever it is, it must not be silence.
function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`silence: ${what}`)), ANSWER_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// --- which process it was ------------------------------------------------------

function stderrOf(site) {
  return site.workers ? site.workers.map((one) => one.stderr) : [site.stderr];
}

// From now on: -> (pattern) => the processes whose lines of the log fit, once
// there are n.
function watch(site) {
  const from = stderrOf(site).map((text) => text.length);
  return (pattern, n = 1) =>
    until(`${n} × ${pattern} in the log`, () => {
      const lines = stderrOf(site).flatMap((text, i) => text.slice(from[i]).split('\n'));
      const fitting = lines.filter((line) => pattern.test(line));
      return fitting.length >= n && fitting.map((line) => Number(/\[(\d+)\]/.exec(line)[1]));
    });
}

const CALL = /request .* method=tools\/call /;
const WORD = /request .* method=- /; // a response has no method

// Where each request goes to the next process, the answers went elsewhere.
async function assertElsewhere(site, processes, n) {
  const words = await processes(WORD, n);
  const [caller] = await processes(CALL);
  if (site.workers) assert.ok(!words.includes(caller), `${words} answered what ${caller} asked`);
  return words;
}

// --- being asked ---------------------------------------------------------------

const asking = {
  'is asked for a form': async (peer, site) => {
    const processes = watch(site);
    assert.deepEqual(await peer.say('test_input_required_result_elicitation'), ['Hello, Ada!']);
    assert.deepEqual(peer.asked, ['elicitation/create']);
    await assertElsewhere(site, processes, 1);
  },

  'is asked for a sample': async (peer, site) => {
    const processes = watch(site);
    assert.deepEqual(await peer.say('test_sampling', { prompt: 'Capital?' }), ['LLM response: Paris']);
    assert.deepEqual(peer.asked, ['sampling/createMessage']);
    await assertElsewhere(site, processes, 1);
  },

  'is asked for its roots': async (peer, site) => {
    const processes = watch(site);
    assert.deepEqual(await peer.say('test_input_required_result_list_roots'), ['First root: file:///home/ada']);
    assert.deepEqual(peer.asked, ['roots/list']);
    await assertElsewhere(site, processes, 1);
  },

  'is asked three things at once': async (peer, site) => {
    const processes = watch(site);
    const said = await peer.say('test_input_required_result_multiple_inputs');
    assert.deepEqual(said, ['Name: Ada', 'LLM response: Paris', 'First root: file:///home/ada']);
    assert.deepEqual(peer.asked.sort(), ['elicitation/create', 'roots/list', 'sampling/createMessage']);
    const words = await assertElsewhere(site, processes, 3);
    if (site.workers) assert.equal(new Set(words).size, 3);
  },

  'is asked one thing after another': async (peer, site) => {
    const processes = watch(site);
    assert.deepEqual(await peer.say('test_input_required_result_multi_round'), ['Name: Ada', 'Colour: blue']);
    await assertElsewhere(site, processes, 2);
  },

  'is asked before a prompt is made': async (peer) => {
    peer.answer['elicitation/create'] = () => ({ action: 'accept', content: { context: 'summer' } });
    const { messages } = await peer.client.getPrompt({ name: 'test_input_required_result_prompt' });
    assert.equal(messages[0].content.text, 'Use this context: summer');
  },

  'may decline': async (peer) => {
    peer.answer['elicitation/create'] = () => ({ action: 'decline' });
    const [text] = await peer.say('test_elicitation', { message: 'Who?' });
    assert.match(text, /^User response: \{ ?"action": ?"decline"/);
  },

  'fails to answer, which is the end of that call': async (peer) => {
    peer.answer['sampling/createMessage'] = () => {
      throw new Error('the model is away');
    };
    await assert.rejects(peer.call('test_sampling', { prompt: 'x' }), refused(-32603, /the model is away/));
    assert.deepEqual(await peer.client.ping(), {});
  },

  'answers ten calls at once, each its own': async (peer) => {
    peer.answer['sampling/createMessage'] = ({ params }) => {
      const [{ content }] = [params.messages[0]].flat();
      return { ...sampled, content: { type: 'text', text: `re: ${content.text}` } };
    };
    const names = Array.from({ length: 10 }, (_, i) => `call ${i}`);
    const said = await Promise.all(names.map((prompt) => peer.say('test_sampling', { prompt })));
    assert.deepEqual(said, names.map((name) => [`LLM response: re: ${name}`]));
  },
};

// --- being told ----------------------------------------------------------------

const isUpdate = ({ method }) => method === 'notifications/resources/updated';
const isLog = ({ method }) => method === 'notifications/message';

const hearing = {
  'hears of what it subscribed to, and of nothing else': async (peer, site, t) => {
    const other = await connect(t, site, { sdk: '1.x', transport: HTTP });
    const touch = async (uri) => Number((await other.say('touch', { uri }))[0]);
    assert.equal(await touch(WATCHED), 0);
    await peer.client.subscribeResource({ uri: WATCHED });
    await peer.client.subscribeResource({ uri: 'test://static-text' });
    assert.equal(await touch(WATCHED), 1);
    assert.deepEqual((await peer.heard.next(isUpdate)).params, { uri: WATCHED });
    await peer.client.unsubscribeResource({ uri: WATCHED });
    assert.equal(await touch(WATCHED), 0);
    assert.equal(await touch('test://static-text'), 1);
    assert.deepEqual((await peer.heard.next(isUpdate)).params, { uri: 'test://static-text' });
    await peer.client.unsubscribeResource({ uri: 'test://static-text' });
    assert.equal(peer.heard.all.length, 2);
  },

  'hears that a list has changed': async (peer, site, t) => {
    const other = await connect(t, site, { sdk: '2.x', transport: HTTP });
    await other.say('test_trigger_tool_change');
    await peer.heard.next(({ method }) => method === 'notifications/tools/list_changed');
  },

  'hears what a call logs, from the level it set on': async (peer) => {
    const levels = async () => {
      const before = peer.heard.all.length;
      await peer.say('log_all');
      return peer.heard.all.slice(before).filter(isLog).map(({ params }) => params.level);
    };
    await peer.client.setLoggingLevel('error');
    assert.deepEqual(await levels(), ['error', 'critical', 'alert', 'emergency']);
    await peer.client.setLoggingLevel('emergency');
    assert.deepEqual(await levels(), ['emergency']);
    await peer.client.setLoggingLevel('debug');
    assert.equal((await levels()).length, 8);
  },

  'hears of progress before the result': async (peer, site, t) => {
    const going = walk(t, peer, 3);
    for (const step of [1, 2, 3]) await going.pass(step);
    going.open('end');
    assert.deepEqual(await going.end, ['3 steps']);
    assert.deepEqual(going.steps, [1, 2, 3]);
  },
};

// --- taking back ---------------------------------------------------------------

// Clock ticks of 10 ms that the processes have computed.
function ticks(pids) {
  const of = (pid) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return pids.reduce((sum, pid) => sum + Number(of(pid)[11]) + Number(of(pid)[12]), 0);
}

function pidsOf(site) {
  if (site.workers) return site.workers.map((one) => one.pid);
  return Array.from({ length: PROCESSES }, (_, i) => site.pidOf(`worker ${i + 1}`));
}

// -> how long a statement ran on that nobody wanted any more
async function cancelOnce(peer, site) {
  const processes = watch(site);
  const abort = new AbortController();
  const before = ticks(pidsOf(site));
  const call = peer.call('slow', {}, { signal: abort.signal });
  const over = assert.rejects(call);
  await until('the statement runs', () => ticks(pidsOf(site)) > before + 4);
  const since = performance.now();
  abort.abort('the test has changed its mind');
  const [caller] = await processes(/ name=slow /);
  const ms = performance.now() - since;
  const [canceller] = await processes(/ method=notifications\/cancelled /);
  if (site.workers) assert.notEqual(canceller, caller);
  await over;
  return ms;
}

const cancelling = {
  'has a running statement stopped, from another process': async (peer, site, t) => {
    const all = [];
    while (all.length < CANCELS) all.push(await cancelOnce(peer, site));
    all.sort((a, b) => a - b);
    const middle = all[CANCELS >> 1];
    t.diagnostic(`stopped after ${middle.toFixed(0)} ms, at most ${all.at(-1).toFixed(0)} ms`);
    assert.ok(middle < CANCEL_MS, `stopped after ${all.map((ms) => ms.toFixed(0))} ms`);
    assert.deepEqual(await peer.client.ping(), {});
  },

  'takes a call back while it is asked': async (peer, site) => {
    const processes = watch(site);
    const abort = new AbortController();
    peer.answer['elicitation/create'] = () => {
      abort.abort('never mind');
      return new Promise(() => {});
    };
    await assert.rejects(peer.call('test_input_required_result_elicitation', {}, { signal: abort.signal }));
    await soon(processes(CALL), 'the call goes on');
    assert.deepEqual(await peer.client.ping(), {});
  },
};

// --- coming back ---------------------------------------------------------------

// A call that goes step by step; its last one comes alone, for 1.x forgets the
// progress that a result follows in the same breath over HTTP+SSE. pass(n): lets it do step n, and waits until it
// was heard; steps: what was heard, in order; process: who makes the steps.
function walk(t, peer, n) {
  const gates = makeDirectory(t);
  const steps = [];
  const going = { steps };
  const onprogress = ({ progress, message }) => {
    steps.push(progress);
    going.process = Number(message);
  };
  going.open = (...names) => names.forEach((name) => fs.writeFileSync(path.join(gates, String(name)), ''));
  going.pass = async (step) => {
    going.open(step);
    await until(`step ${step} is heard`, () => steps.includes(step));
  };
  going.end = peer.say('walk', { steps: n, gates }, { onprogress });
  going.end.catch(() => {});
  return going;
}

// The stream on which a call is answered.
const answered = { [HTTP]: 'POST', [SSE]: 'GET' };

const resuming = {
  'is cut off, comes back, and misses nothing': async (peer, site, t) => {
    const going = walk(t, peer, 5);
    await going.pass(1);
    await going.pass(2);
    cut(peer, answered[peer.transportName]);
    going.open(3); // while nobody is there, perhaps
    const { lastEventId } = await peer.answers.next(cameBack);
    assert.match(lastEventId, /^[\w-]+\.\d+$/);
    await going.pass(4);
    cut(peer, 'GET');
    await going.pass(5);
    going.open('end');
    assert.deepEqual(await soon(going.end, 'no answer after two cuts'), ['5 steps']);
    assert.deepEqual(going.steps, [1, 2, 3, 4, 5]);
  },

  'is told what happened while its stream was cut': async (peer, site, t) => {
    const other = await connect(t, site, { sdk: '1.x', transport: HTTP });
    await peer.client.subscribeResource({ uri: KEPT });
    for (let i = 1; i <= 3; i++) {
      await other.say('touch', { uri: KEPT });
      await peer.heard.next(isUpdate);
      cut(peer, 'GET');
      await other.say('touch', { uri: KEPT });
      await peer.heard.next(isUpdate, ANSWER_MS);
      assert.equal(peer.heard.all.filter(isUpdate).length, 2 * i);
    }
  },

  'answers on its next connection what it was asked on the last': async (peer, site, t) => {
    peer.answer['elicitation/create'] = async (asked) => {
      cut(peer, answered[peer.transportName]);
      await peer.answers.next(cameBack);
      return fillIn(asked);
    };
    assert.deepEqual(await soon(peer.say('test_input_required_result_elicitation'), 'no answer'), ['Hello, Ada!']);
    assert.deepEqual(peer.asked, ['elicitation/create']);
  },
};

// --- when a worker dies --------------------------------------------------------

const toEach = (things, fn) => Promise.all(things.map(fn));

// Everybody's call has gone two steps.
async function twoSteps(t, peers) {
  const goings = peers.map((peer) => walk(t, peer, 4));
  await toEach(goings, (one) => one.pass(1));
  await toEach(goings, (one) => one.pass(2));
  return goings;
}

// Those who made the steps die at once; everybody is told.
async function killThem(goings, steps) {
  for (const pid of new Set(goings.map((one) => one.process))) process.kill(pid, 'SIGKILL');
  await toEach(goings, (one) => assert.rejects(soon(one.end, 'a worker died'), refused(-32603)));
  for (const one of goings) assert.deepEqual(one.steps, steps);
}

const dying = {
  'after their second event': async (t, peers) => {
    await killThem(await twoSteps(t, peers), [1, 2]);
    for (const { client } of peers) assert.deepEqual(await client.ping(), {});
  },

  'while their clients are away': async (t, peers) => {
    const goings = await twoSteps(t, peers);
    for (const peer of peers) cut(peer, answered[peer.transportName]);
    await killThem(goings, [1, 2]);
  },

  'after their clients have come back': async (t, peers) => {
    const goings = await twoSteps(t, peers);
    for (const peer of peers) cut(peer, answered[peer.transportName]);
    await toEach(peers, (peer) => peer.answers.next(cameBack));
    await toEach(goings, (one) => one.pass(3));
    await killThem(goings, [1, 2, 3]);
  },

  'while they wait for their clients': async (t, peers, site) => {
    const ends = [];
    await toEach(
      peers,
      (peer) =>
        new Promise((resolve) => {
          peer.answer['elicitation/create'] = () => new Promise(resolve);
          const call = peer.call('test_input_required_result_elicitation');
          ends.push(assert.rejects(soon(call, 'a worker died'), refused(-32603)));
        }),
    );
    for (const pid of pidsOf(site)) process.kill(pid, 'SIGKILL');
    await Promise.all(ends);
  },
};

// Workers die, and every kind of client, all at once, hears an error.
async function outlive(t, site) {
  for (const [sentence, fn] of Object.entries(dying)) {
    await t.test(`workers die ${sentence}`, async (t) => {
      const peers = await toEach(kinds, (kind) => connect(t, site, kind));
      await fn(t, peers, site);
    });
  }
}

// --- the tests -----------------------------------------------------------------

const title = ({ sdk, transport }) => `the SDK ${sdk} over ${transport}`;
const surfaced = (peer) => peer.errors.filter((error) => !/cut by the test/.test(`${error}`));

async function speak(t, site, kind, sentences) {
  for (const [sentence, fn] of Object.entries(sentences)) {
    await t.test(sentence, async (t) => {
      const peer = await connect(t, site, kind);
      await fn(peer, site, t);
      assert.deepEqual(surfaced(peer), []);
    });
  }
}

// One who can answer nothing is refused, and not asked.
async function cannotAnswer(t, site, kind) {
  const peer = await connect(t, site, kind, {});
  for (const name of ['elicitation', 'sampling', 'list_roots']) {
    await assert.rejects(peer.call(`test_input_required_result_${name}`), refused(-32600, /capability/));
  }
  assert.deepEqual(peer.asked, []);
}

test('every request in another process', { skip: lacks('nginx') }, async (t) => {
  const site = await startFront(t, { workers: PROCESSES, change });
  for (const kind of kinds) {
    await t.test(title(kind), async (t) => {
      await speak(t, site, kind, asking);
      await t.test('cannot be asked what it cannot answer', (t) => cannotAnswer(t, site, kind));
      await speak(t, site, kind, hearing);
      await speak(t, site, kind, cancelling);
    });
  }
});

// A session is over everywhere before whoever ends it is told so.
test(`${ENDS} sessions end, and are 404 in every process at once`, { skip: lacks('nginx') }, async (t) => {
  const site = await startFront(t, { workers: PROCESSES, change });
  const processes = watch(site);
  for (let i = 0; i < ENDS; i++) {
    const client = new ClientOne({ name: 'tests', version: '1.0.0' });
    const transport = new HttpOne(new URL(site.mcp));
    client.onerror = () => {}; // its own stream ends with the session
    await client.connect(transport);
    const headers = { 'Mcp-Session-Id': transport.sessionId };
    await transport.terminateSession();
    for (let n = 0; n < PROCESSES; n++) {
      const { status } = await post(site.mcp, { jsonrpc: '2.0', id: n, method: 'ping' }, headers);
      assert.equal(status, 404, `session ${i}, request ${n}`);
    }
    const events = { ...headers, Accept: 'text/event-stream' };
    assert.equal((await request(site.mcp, { headers: events })).status, 404);
    await client.close();
  }
  const pids = await processes(/ method=ping .* status=404 /, PROCESSES * ENDS);
  assert.equal(new Set(pids).size, PROCESSES);
});

for (const proxy of ['nginx', 'apache']) {
  test(`through ${proxy}, as shipped`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy, workers: PROCESSES, config: change });
    for (const kind of kinds) {
      await t.test(title(kind), async (t) => {
        await speak(t, site, kind, resuming);
        if (proxy === 'nginx') return;
        await speak(t, site, kind, asking);
        await speak(t, site, kind, hearing);
        await speak(t, site, kind, cancelling);
      });
    }
    await outlive(t, site);
  });
}

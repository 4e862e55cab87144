// I measure POST /mcp: how many calls a second, how long one takes, who is
// served, and what memory it leaves behind.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lacks } from '../lib/site.mjs';
import { FLOOR, NOTHING, SDK, SDK_2, startFront, US } from './front.mjs';
import { withScope } from './scope.mjs';

const run = promisify(execFile);
const HOLE = '##########'; // load_requests puts a number there
const MODERN = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';
const CLIENTS = [1, 32, 256];
const MANY = 256;
const WARM_CLIENTS = 8;
const MCP_GO = 'mcp-go';
const fronts = { nginx: 'nginx', apache: 'Apache' };

// What is asked, and what a good answer has in it besides its id.
const tools = {
  echo: { arguments: { message: `hello ${HOLE}` }, expect: `"text":"hello ${HOLE}"` },
  get_client: { arguments: { email: 'test@example.com' }, expect: '"name":"Test Client"' },
};

// Of another machine like the first one this was measured on: requests a second
// behind nginx by the number of clients. It is in no package registry used here.
const elsewhere = { echo: { 32: 14429, 256: 14320 }, get_client: { 32: 11466, 256: 11493 } };

const floorShare = { echo: 1.4, get_client: 1.3 };
const sdkShare = { echo: 10, get_client: 9 };
const goShare = { echo: 3, get_client: 2.8 };

// --- the request ------------------------------------------------------------------------

function message(tool) {
  const text = JSON.stringify({
    jsonrpc: '2.0',
    id: HOLE,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: tools[tool].arguments,
      _meta: {
        [`${PREFIX}protocolVersion`]: MODERN,
        [`${PREFIX}clientInfo`]: { name: 'load', version: '1' },
        [`${PREFIX}clientCapabilities`]: {},
      },
    },
  });
  return text.replace(`"${HOLE}"`, HOLE); // the id is a number
}

function httpRequest(where, tool) {
  const body = message(tool);
  const head = [
    `POST ${where} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `MCP-Protocol-Version: ${MODERN}`,
    'Mcp-Method: tools/call',
    `Mcp-Name: ${tool}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

// One subject, one tool, so many clients. -> what load_requests saw
async function load({ bin, ms, each }, front, subject, tool, clients) {
  const request = path.join(front.dir, 'request');
  fs.writeFileSync(request, httpRequest(subject.path, tool));
  const args = ['--connect', `127.0.0.1:${front.port}`, '--request', request, '--clients', String(clients)];
  args.push('--warm', each ? '0' : String(Math.ceil(ms / 5)), '--run', String(Math.ceil(ms)), '--each', String(each));
  if (!subject.blind) args.push('--expect', tools[tool].expect, '--expect', `"id":${HOLE}`);
  const { stdout } = await run(path.join(bin, 'tests/bench/load_requests'), args);
  return JSON.parse(stdout);
}

// --- what is said of it -----------------------------------------------------------------

const crowd = (n) => (n === 1 ? '1 client' : `${n} clients`);

function goals(front, tool, clients) {
  const served = [`served >= ${clients}`, 'errors <= 0'];
  if (front !== 'nginx' || clients === 1) return served;
  return [
    `>= ${floorShare[tool]} x ${FLOOR}`,
    `>= ${sdkShare[tool]} x ${SDK}`,
    `>= ${goShare[tool]} x ${MCP_GO}`,
    ...served,
  ];
}

function reportLoad(report, front, who, tool, clients, seen) {
  const { rate, clients: _, ...extra } = seen;
  const what = `tools/call ${tool}, ${crowd(clients)}, ${fronts[front]}`;
  const goal = who === US ? goals(front, tool, clients) : [];
  report.add({ what, who, unit: 'req/s', better: 'higher', values: [rate], extra, peer: FLOOR, goal });
  if (clients !== 1) return;
  const one = { what: `one ${tool}, ${fronts[front]}`, who, unit: 'us', better: 'lower', values: [seen.p50_us], peer: FLOOR };
  report.add({ ...one, goal: who === US && tool === 'echo' && front === 'nginx' ? ['<= 90'] : [] });
}

function reportElsewhere(report, tool, clients) {
  const rate = elsewhere[tool][clients];
  if (!rate) return;
  const what = `tools/call ${tool}, ${crowd(clients)}, nginx`;
  report.add({ what, who: MCP_GO, unit: 'req/s', better: 'higher', values: [rate], elsewhere: true, peer: FLOOR });
}

const memoryGoal = { worker: 8192, broker: 6144 };

// What is told of a process's memory, and when: once the crowd is gone, whoever
// gives back what it took has had half a minute for it.
const moments = {
  rest: { words: 'at rest', goal: (part) => [`<= ${memoryGoal[part]}`] },
  loaded: { words: `right after ${MANY} clients`, goal: () => [] },
  calm: { words: `half a minute after ${MANY} clients`, goal: () => ['growth <= 1.1'] },
};
const CALM_MS = 30000;

// seen: { rest, loaded, calm }, each in KiB by part
function reportMemory(report, who, seen) {
  for (const part of Object.keys(seen.rest)) {
    for (const [moment, { words, goal }] of Object.entries(moments)) {
      const kib = seen[moment][part];
      report.add({
        ...{ what: `private memory of a ${part} ${words}`, who, unit: 'KiB', better: 'lower', peer: SDK },
        values: [kib],
        extra: moment === 'rest' ? {} : { growth: kib / seen.rest[part] },
        goal: who === US ? goal(part) : [],
      });
    }
  }
}

const memoryOf = (subjects) => new Map(subjects.filter((one) => one.memory).map((one) => [one, one.memory()]));

// --- rounds -----------------------------------------------------------------------------

// So that nobody is always the first.
const rotate = (list, n) => [...list.slice(n % list.length), ...list.slice(0, n % list.length)];

// The first requests are like no later ones: files are opened, memory is asked
// for, and Node compiles for seconds. Nothing of it is counted.
async function warm({ bin, ms, each, report, quick }, site, subjects) {
  for (const subject of subjects) {
    report.progress(`warming ${subject.who}`);
    for (const tool of Object.keys(tools)) {
      await load({ bin, ms: quick ? ms / 4 : ms * (subject.slow ?? 1) / 2, each }, site, subject, tool, WARM_CLIENTS);
    }
  }
}

async function measureAll(options, site, subjects, tool, clients) {
  const { report, front } = options;
  for (const subject of subjects) {
    if (subject.who === NOTHING && tool !== 'echo') continue;
    report.progress(`${front}: ${tool}, ${clients}, ${subject.who}`);
    reportLoad(report, front, subject.who, tool, clients, await load(options, site, subject, tool, clients));
  }
}

async function measureFront(options, round) {
  const { report, front, clients, turns } = options;
  await withScope(async (scope) => {
    const site = await startFront(scope, front);
    const subjects = rotate(site.subjects, round);
    const rest = memoryOf(subjects);
    await warm(options, site, subjects);
    for (const tool of Object.keys(tools)) {
      for (const n of clients) {
        for (let turn = 0; turn < turns; turn++) await measureAll(options, site, turn % 2 ? subjects.toReversed() : subjects, tool, n);
        if (front === 'nginx' && round === 0) reportElsewhere(report, tool, n);
      }
    }
    if (front !== 'nginx') return;
    const loaded = memoryOf(subjects);
    report.progress(`${front}: half a minute of rest`);
    await sleep(options.quick ? CALM_MS / 30 : CALM_MS);
    const calm = memoryOf(subjects);
    for (const [one, kib] of rest) {
      reportMemory(report, one.who, { rest: kib, loaded: loaded.get(one), calm: calm.get(one) });
    }
  });
}

// ms: of each load, after a fifth of it; turns: how often everybody has one in a
// round, forwards and backwards, since a machine changes from minute to minute;
// clients: how many, one after the other; each: a load ends early, and has no
// warm-up, when each client has so many answers.
export async function measure({
  rounds,
  quick,
  bin,
  report,
  ms = quick ? 800 : 3000,
  turns = quick ? 1 : 2,
  clients = CLIENTS,
  each = 0,
}) {
  for (let round = 0; round < rounds; round++) {
    for (const front of Object.keys(fronts)) {
      if (lacks(front)) report.note(`${lacks(front)}: nothing was measured behind it`);
      else await measureFront({ bin, report, front, ms, turns, clients, each, quick }, round);
    }
  }
}

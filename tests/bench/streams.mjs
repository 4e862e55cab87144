// I measure open event streams: what an idle one costs, how fast one is opened,
// told something, kept alive; and what becomes of a reader who does not read.
//
// In every round each hub is started anew for each measurement, one after the
// other, and in each round another one is the first.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { lacks } from '../lib/site.mjs';
import { until } from '../lib/stack.mjs';
import { FLOOR, lacksHub, NCHAN, NODE, SDK, startFront, startHub, US } from './hubs.mjs';
import { withScope } from './scope.mjs';

const run = promisify(execFile);

// How many streams, how long. A process here has at most 20,000 files.
const FULL = {
  idle: [10000, 19900],
  turns: 10, // how often all are opened and closed again
  proxied: 9900,
  told: 10000,
  seconds: 5,
  hubs: 3, // of each kind, in a round of broadcasts,
  times: 15, // and how often each of them sends one
  rate: 1000,
  slow: { n: 50, never: 10, size: 4096, rate: 400, seconds: 8 },
  talks: [
    { open: 1, active: 1 },
    { open: 1000, active: 1 },
    { open: 32, active: 32 },
    { open: 1000, active: 32 },
  ],
};
const QUICK = {
  ...FULL,
  idle: [500],
  turns: 3,
  proxied: 500,
  told: 500,
  seconds: 0.5,
  hubs: 1,
  times: 3,
  slow: { ...FULL.slow, rate: 1000, seconds: 1.5 },
  talks: [{ open: 500, active: 1 }, { open: 500, active: 32 }],
};

const HUBS = [US, FLOOR, NCHAN, NODE];
const MIB = 1024; // KiB
const RESUMABLE = 4096; // max_resumable, as it is usually
const KEPT_KIB = MIB + 256; // max_outbox and replay_bytes, of one stream

// One command of load_streams. -> what it saw
async function load(bin, command, hub, args) {
  const words = [command, '--to', hub.to, '--pids', hub.pids.join(','), ...args];
  try {
    return JSON.parse((await run(path.join(bin, 'tests/bench/load_streams'), words)).stdout);
  } catch (error) {
    throw new Error(`${hub.who}: load_streams ${command}: ${error.stdout || error.message}${error.stderr ?? ''}`);
  }
}

const count = (n) => n.toLocaleString('en-US');
const rotate = (list, n) => [...list.slice(n % list.length), ...list.slice(0, n % list.length)];
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const whole = ['failed <= 0', 'lost <= 0'];

// What did not come as it should: all of these are 0.
const flaws = ({ failed, lost }) => ({ failed, lost });

// Everybody who is here, each with a hub of its own.
async function eachHub({ report, round }, what, hubs, options, work) {
  for (const who of rotate(hubs.filter((one) => !lacksHub(one)), round)) {
    report.progress?.(`${what}, ${who}`);
    await withScope(async (scope) => work(await startHub(scope, who, options)));
  }
}

// --- idle -----------------------------------------------------------------------------------

function reportIdle(report, hub, n, seen) {
  const ours = hub.who === US;
  report.add({
    what: `user memory of an idle stream, ${count(n)} open`,
    who: hub.who,
    unit: 'KiB',
    better: 'lower',
    values: [(seen.pss_kib - seen.pss_before_kib) / seen.opened],
    extra: { ...flaws(seen), base_kib: seen.pss_before_kib },
    peer: NCHAN,
    goal: ours ? ['<= 0.75', ...whole] : [],
  });
  report.add({
    what: `streams opened, up to ${count(n)}`,
    who: hub.who,
    unit: '/s',
    better: 'higher',
    values: [seen.opened / seen.open_s],
    extra: { ...flaws(seen), cpu_us: seen.open_cpu_us / seen.opened },
    peer: NCHAN,
    goal: ours ? ['>= 20000', ...whole] : [],
  });
}

async function measureIdle(options) {
  const { bin, report, scale } = options;
  for (const n of scale.idle) {
    await eachHub(options, `${count(n)} idle streams`, HUBS, {}, async (hub) => {
      reportIdle(report, hub, n, await load(bin, 'open', hub, [...hub.own, '--n', String(n), '--seconds', '0']));
    });
  }
}

// What is given back is given back within seconds: once it is the same for a
// while.
async function settledKib(hub) {
  const end = performance.now() + 15000;
  let kib = hub.privateKib();
  for (let since = performance.now(); performance.now() - since < 2000 && performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = hub.privateKib();
    if (now !== kib) since = performance.now();
    kib = now;
  }
  return kib;
}

// All opened and closed again, several times; ours alone gives anything back. It
// keeps broken streams for those who come back, which have to be as many after
// the first time as after the last.
async function measureTurns(options) {
  const { bin, report, scale } = options;
  const n = scale.idle.at(-1);
  const limits = { max_resumable: Math.min(RESUMABLE, n) };
  await eachHub(options, 'open and close', [US], { limits }, async (hub) => {
    const kib = [];
    const before = hub.privateKib();
    const sum = { failed: 0, lost: 0 };
    for (let turn = 0; turn < scale.turns; turn++) {
      const seen = await load(bin, 'open', hub, [...hub.own, '--n', String(n), '--seconds', '0']);
      sum.failed += seen.failed;
      sum.lost += seen.lost;
      await until('all streams are closed', hub.isIdle, 30000);
      kib.push(await settledKib(hub));
    }
    report.add({
      what: `private memory after ${scale.turns} times ${count(n)} streams`,
      who: hub.who,
      unit: 'KiB',
      better: 'lower',
      values: [kib.at(-1)],
      extra: { ...sum, before_kib: before, first_kib: kib[0], growth: kib.at(-1) / kib[0] },
      goal: ['growth <= 1.05', ...whole],
    });
  });
}

// --- kept alive -----------------------------------------------------------------------------

async function measureAlive(options) {
  const { bin, report, scale } = options;
  const n = scale.told;
  await eachHub(options, 'comments', HUBS, { alive: true }, async (hub) => {
    const seen = await load(bin, 'open', hub, [...hub.own, '--n', String(n), '--seconds', String(scale.seconds + 1)]);
    report.add({
      what: `CPU of a keep-alive comment, ${count(n)} streams`,
      who: hub.who,
      unit: 'us',
      better: 'lower',
      values: [seen.cpu_us / seen.comments],
      extra: { ...flaws(seen), comments: seen.comments },
      peer: FLOOR,
      goal: hub.who === US ? ['comments >= 1', ...whole] : [],
    });
  });
}

// --- told -----------------------------------------------------------------------------------

function reportBroadcast(report, hub, n, seen) {
  const ours = hub.who === US;
  const all = (member) => seen.broadcasts.map((one) => one[member]);
  const missing = all('had').reduce((sum, had) => sum + n - had, 0);
  const extra = { ...flaws(seen), refused: seen.refused, missing };
  const row = { who: hub.who, better: 'lower', extra, peer: NCHAN };
  const sound = [...whole, 'missing <= 0', 'refused <= 0'];
  const what = `broadcast to ${count(n)}`;
  report.add({ ...row, what: `${what}, first client`, unit: 'ms', values: [median(all('first_ms'))] });
  report.add({
    ...row,
    what: `${what}, last client`,
    unit: 'ms',
    values: [median(all('last_ms'))],
    goal: ours ? [`<= 1 x ${NCHAN}`, `<= 1.2 x ${FLOOR}`, ...sound] : [],
  });
  report.add({
    ...row,
    what: `${what}, CPU for each stream`,
    unit: 'us',
    values: [median(all('cpu_us_per_stream'))],
    goal: ours ? ['<= 10'] : [],
  });
}

// A hub may be slower than another of its kind for as long as it lives.
async function measureBroadcast(options) {
  const { bin, report, round, scale } = options;
  for (let turn = 0; turn < scale.hubs; turn++) {
    await eachHub({ ...options, round: round + turn }, 'broadcast', HUBS, {}, async (hub) => {
      const args = [...hub.shared, ...hub.general, '--n', String(scale.told), '--times', String(scale.times)];
      reportBroadcast(report, hub, scale.told, await load(bin, 'broadcast', hub, args));
    });
  }
}

function reportDelivery(report, hub, rate, seen) {
  const ours = hub.who === US;
  const extraOf = (one) => ({
    ...flaws(seen),
    sent: one.sent,
    refused: one.refused,
    missing: one.sent - one.received,
    p50_us: one.p50_us,
    p99_us: one.p99_us,
    max_us: one.max_us,
  });
  const sound = [...whole, 'missing <= 0', 'refused <= 0'];
  report.add({
    what: 'targeted delivery, acknowledged, flat out',
    who: hub.who,
    unit: '/s',
    better: 'higher',
    values: [seen.max.per_second],
    extra: { ...extraOf(seen.max), cpu_us: seen.max.cpu_us },
    peer: NCHAN,
    goal: ours ? ['>= 72000', ...sound] : [],
  });
  report.add({
    what: `targeted delivery at ${count(rate)}/s, 99 of 100 within`,
    who: hub.who,
    unit: 'ms',
    better: 'lower',
    values: [seen.paced.p99_us / 1000],
    extra: extraOf(seen.paced),
    peer: NCHAN,
    goal: ours ? ['<= 0.25', ...sound] : [],
  });
}

async function measureDelivery(options) {
  const { bin, report, scale } = options;
  await eachHub(options, 'targeted delivery', HUBS, {}, async (hub) => {
    const args = [...hub.own, ...hub.targeted, '--n', String(scale.told), '--seconds', String(scale.seconds), '--rate', String(scale.rate)];
    reportDelivery(report, hub, scale.rate, await load(bin, 'deliver', hub, args));
  });
}

// --- not read -------------------------------------------------------------------------------

function reportSlow(report, hub, slow, seen) {
  const ours = hub.who === US;
  const extra = {
    failed: seen.failed,
    missing: seen.expected - seen.received,
    refused: seen.refused,
    cut: seen.cut,
    ...(ours && { counted: seen.counted }),
    p50_us: seen.p50_us,
    max_us: seen.max_us,
  };
  const row = { who: hub.who, better: 'lower', extra, peer: NCHAN };
  const most = (slow.never * KEPT_KIB + (slow.n - slow.never) * 256 + 4 * MIB) / MIB;
  report.add({
    ...row,
    what: `memory taken for ${slow.never} of ${slow.n} streams that never read`,
    unit: 'MiB',
    values: [(seen.pss_kib - seen.pss_before_kib) / MIB],
    goal: ours ? [`<= ${most}`, `cut >= ${slow.never}`, `counted >= ${slow.never}`] : [],
  });
  report.add({
    ...row,
    what: `the ${slow.n - slow.never} that read, 99 of 100 within`,
    unit: 'ms',
    values: [seen.p99_us / 1000],
    goal: ours ? ['<= 5', 'failed <= 0', 'missing <= 0', 'refused <= 0'] : [],
  });
}

// The floor keeps nothing for anybody, and is no example here.
async function measureSlow(options) {
  const { bin, report, scale } = options;
  const { slow } = scale;
  await eachHub(options, 'slow readers', [US, NCHAN, NODE], {}, async (hub) => {
    const args = ['--n', String(slow.n), '--active', String(slow.never), '--size', String(slow.size)];
    args.push('--rate', String(slow.rate), '--seconds', String(slow.seconds));
    const way = hub.who === US ? [...hub.own, ...hub.targeted] : [...hub.shared, ...hub.general];
    const seen = await load(bin, 'slow', hub, [...way, ...args]);
    if (hub.who === US) seen.counted = await hub.cuts();
    reportSlow(report, hub, slow, seen);
  });
}

// --- behind nginx ---------------------------------------------------------------------------

function reportProxied(report, hub, n, seen) {
  report.add({
    what: `user memory of a stream, broker and nginx, ${count(n)} open`,
    who: hub.who,
    unit: 'KiB',
    better: 'lower',
    values: [(seen.pss_kib - seen.pss_before_kib) / seen.opened],
    extra: { ...flaws(seen), per_second: seen.opened / seen.open_s },
    peer: NCHAN,
    goal: hub.who === US ? ['<= 12', ...whole] : [],
  });
}

async function measureProxied(options) {
  const { bin, report, scale } = options;
  const args = ['--n', String(scale.proxied), '--seconds', '0'];
  const open = async (hub) => reportProxied(report, hub, scale.proxied, await load(bin, 'open', hub, [...hub.own, ...args]));
  report.progress?.('streams behind nginx');
  await withScope(async (scope) => open((await startFront(scope, { single: true })).ours));
  await eachHub(options, 'streams behind nginx', [NCHAN], {}, open);
}

function reportTalk(report, hub, { open, active }, seen) {
  const ours = hub.who === US;
  const extra = { ...flaws(seen), errors: seen.errors, p50_us: seen.p50_us, p99_us: seen.p99_us, max_us: seen.max_us };
  const row = { who: hub.who, extra, peer: SDK };
  const sound = [...whole, 'errors <= 0'];
  const what = `POST to answer on the stream, ${active} of ${count(open)} active, nginx`;
  report.add({
    ...row,
    what: `${what}, median`,
    unit: 'us',
    better: 'lower',
    values: [seen.p50_us],
    goal: ours ? [`<= 1.2 x ${SDK}`, ...sound] : [],
  });
  report.add({
    ...row,
    what,
    unit: 'calls/s',
    better: 'higher',
    values: [seen.per_second],
    goal: ours && active > 1 ? [`>= 1.5 x ${SDK}`, ...sound] : [],
  });
}

async function measureTalks(options) {
  const { bin, report, round, scale } = options;
  await withScope(async (scope) => {
    const front = await startFront(scope);
    for (const talk of scale.talks) {
      for (const hub of rotate([front.ours, front.sdk], round)) {
        report.progress?.(`POST to answer, ${talk.active} of ${talk.open}, ${hub.who}`);
        const args = ['--n', String(talk.open), '--active', String(talk.active), '--seconds', String(scale.seconds)];
        reportTalk(report, hub, talk, await load(bin, 'roundtrip', hub, [...hub.own, ...args]));
      }
    }
  });
}

// --- all of it ------------------------------------------------------------------------------

const direct = [measureIdle, measureTurns, measureAlive, measureBroadcast, measureDelivery, measureSlow];
const proxied = [measureProxied, measureTalks];

// scale: how much of everything, where neither FULL nor QUICK will do
export async function measure({ rounds, quick, bin, report, scale = quick ? QUICK : FULL }) {
  if (lacksHub(NCHAN)) report.note?.(`${lacksHub(NCHAN)}: it was left out`);
  if (lacks('nginx')) report.note?.(`${lacks('nginx')}: nothing was measured behind it`);
  const parts = lacks('nginx') ? direct : [...direct, ...proxied];
  for (let round = 0; round < rounds; round++) {
    for (const part of parts) await part({ bin, report, round, scale });
  }
}

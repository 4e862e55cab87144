// The measurements see what is there: everybody answers as asked, what goes wrong
// is counted, and a report says who meets which goal. No time is judged here.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bin, lacks, makeDirectory } from '../lib/site.mjs';
import { fill } from './document.mjs';
import { FLOOR, NOTHING, SDK, SDK_2, US } from './front.mjs';
import { judge } from './goal.mjs';
import { draw } from './headlines.mjs';
import { describeMachine } from './machine.mjs';
import { plot } from './plot.mjs';
import { Report } from './report.mjs';
import { measure as measureRequests } from './requests.mjs';
import { measure as measureStartup } from './startup.mjs';

const run = promisify(execFile);
const PATIENCE_MS = 60000; // nobody waits so long, but a load ends
const EACH = 3;

// --- everybody answers --------------------------------------------------------------------

test('behind both web servers everybody answers both tools, and each client is served', { skip: lacks('nginx') || lacks('apache') }, async () => {
  const report = new Report({ quiet: true });
  await measureRequests({ rounds: 1, quick: true, bin, report, ms: PATIENCE_MS, turns: 2, clients: [1, 8], each: EACH });
  for (const [front, all] of [['nginx', [US, FLOOR, SDK, SDK_2]], ['Apache', [US, FLOOR]]]) {
    for (const tool of ['echo', 'get_client']) {
      for (const [n, crowd] of [[1, '1 client'], [8, '8 clients']]) {
        for (const who of all) {
          const row = report.find(`tools/call ${tool}, ${crowd}, ${front}`, who);
          assert.deepEqual([row.extra.errors, row.extra.served], [[0, 0], [n, n]], `${row.what}, ${who}`);
          assert.ok(row.extra.least[0] >= EACH && row.extra.answers[0] >= EACH * n, `${row.what}, ${who}`);
        }
      }
    }
  }
  assert.equal(report.find('tools/call echo, 8 clients, nginx', NOTHING).extra.errors[0], 0);
  for (const who of [US, FLOOR, SDK]) assert.ok(report.find('private memory of a worker at rest', who).median > 100);
  assert.deepEqual(draw(report).map(({ file }) => file), ['one-call.svg', 'memory.svg']);
});

test('what is started is ready, as often as asked', async () => {
  const report = new Report({ quiet: true });
  await measureStartup({ rounds: 1, quick: true, bin, report });
  const rows = report.of('start to ready');
  assert.equal(rows.length, 4);
  for (const row of rows) assert.ok(row.values.length === 5 && row.min > 0, row.who);
});

test('who ends before it is ready has no time', async () => {
  await assert.rejects(run(path.join(bin, 'tests/bench/start_time'), ['2', '/bin/true']), /ended before it was ready/);
});

// --- what goes wrong is counted -------------------------------------------------------------

// A server that does with each request what it is told: answer(socket, number).
async function startServer(t, answer) {
  const server = net.createServer((socket) => {
    let heard = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += bytes;
      if (!heard.includes('\n\n')) return;
      const number = /\d{10}/.exec(heard)[0];
      heard = '';
      answer(socket, number);
    });
    t.after(() => socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return server.address().port;
}

async function load(t, port, ...options) {
  const request = path.join(makeDirectory(t), 'request');
  fs.writeFileSync(request, 'GET /########## HTTP/1.1\n\n');
  const args = ['--connect', `127.0.0.1:${port}`, '--request', request, '--warm', '0', ...options];
  const { stdout } = await run(path.join(bin, 'tests/bench/load_requests'), args);
  return JSON.parse(stdout);
}

// Byte by byte, each in a packet of its own as far as that can be had.
function trickle(socket, text) {
  socket.setNoDelay(true);
  socket.write(text[0]);
  if (text.length > 1) setImmediate(trickle, socket, text.slice(1));
}

const patiently = ['--run', String(PATIENCE_MS), '--each', '4'];
const chunked = (...pieces) =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${pieces.map((one) => `${one.length.toString(16)}\r\n${one}\r\n`).join('')}0\r\n\r\n`;
const ok = (body, more = '') => `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

test('a good answer is counted, whole or in pieces, counted or chunked', async (t) => {
  const forms = [
    (socket, number) => socket.write(ok(`it is ${number}`)),
    (socket, number) => trickle(socket, ok(`it is ${number}`)),
    (socket, number) => socket.write(chunked('it i', `s ${number}`)),
    (socket, number) => trickle(socket, chunked('it i', `s ${number.slice(0, 4)}`, number.slice(4))),
    (socket, number) => socket.end(ok(`it is ${number}`, 'Connection: close\r\n')),
  ];
  for (const form of forms) {
    const port = await startServer(t, (socket, number) => form(socket, number));
    const seen = await load(t, port, '--clients', '3', '--expect', 'it is ##########', ...patiently);
    assert.deepEqual([seen.errors, seen.served, seen.again], [0, 3, 0], String(form));
    assert.ok(seen.least >= 4 && seen.max_us >= seen.p99_us && seen.p99_us >= seen.p50_us, JSON.stringify(seen));
    assert.equal(seen.opened > 0, /end/.test(form));
  }
});

test('a wrong status, a wrong body, a closed and a refused connection are errors of their kind', async (t) => {
  const forms = {
    status: (socket, number) => socket.write(`HTTP/1.1 503 no\r\nContent-Length: 10\r\n\r\n${number}`),
    body: (socket) => socket.write(ok('0123456789')),
    closed: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'),
  };
  for (const [kind, form] of Object.entries(forms)) {
    const port = await startServer(t, form);
    const seen = await load(t, port, '--expect', '##########', '--run', '1000');
    assert.ok(seen.errors > 0, kind);
    assert.equal(seen[`${kind}_errors`], seen.errors, kind);
    assert.deepEqual([seen.served, seen.answers, seen.rate], [0, 0, 0], kind);
  }
  const refused = await load(t, 1, '--run', '200');
  assert.ok(refused.connect_errors > 0 && refused.connect_errors === refused.errors);
});

test('a client that waits for ever was not served, and its wait is told', async (t) => {
  let first;
  const port = await startServer(t, (socket, number) => {
    first ??= socket;
    if (socket !== first) socket.write(ok(number));
  });
  const seen = await load(t, port, '--clients', '4', '--expect', '##########', '--run', '1000');
  assert.deepEqual([seen.clients, seen.served, seen.least, seen.errors], [4, 3, 0, 0]);
  assert.ok(seen.waiting_us > seen.max_us, JSON.stringify(seen));
});

test('a kept connection that is closed as we ask is opened again, and the question asked again', async (t) => {
  const asked = new Set();
  const port = await startServer(t, (socket, number) => {
    const kept = socket.answered;
    socket.answered = true;
    if (kept && !asked.has(number)) socket.destroy();
    else socket.write(ok(number));
    asked.add(number);
  });
  const seen = await load(t, port, '--expect', '##########', ...patiently);
  assert.deepEqual([seen.errors, seen.served], [0, 1]);
  assert.ok(seen.again >= 2 && seen.opened === seen.again, JSON.stringify(seen));
});

// --- what is said of it ---------------------------------------------------------------------

const row = { unit: 'req/s', better: 'higher', peer: 'them' };

function example() {
  const report = new Report({ quiet: true });
  for (const [ours, theirs, errors] of [[100, 50, 0], [130, 52, 2], [120, 60, 0]]) {
    report.add({ ...row, what: 'calls', who: 'us', values: [ours], extra: { errors }, goal: ['>= 2 x them', 'errors <= 0', '>= 3 x nobody'] });
    report.add({ ...row, what: 'calls', who: 'them', values: [theirs] });
  }
  return report;
}

test('rounds become a median with its range, a ratio, and goals met or not', () => {
  const report = example();
  const us = report.find('calls', 'us');
  assert.deepEqual([us.median, us.min, us.max], [120, 100, 130]);
  assert.equal(report.ratio(us), 120 / 52);
  assert.deepEqual(report.judged(us).map(({ met }) => met), [true, false, undefined]);
  assert.match(report.table(), /us +120 +100–130 +2\.31 x them +errors 0\n.*>= 2 x them +2\.31 +met\n.*errors <= 0 +2 +not met\n.*nobody +- +not measured/);
  assert.match(report.table(), /1 of 3 goals met/);
  assert.match(report.markdown(), /\| us \| 120 \| 100–130 \| 2\.31 × them \| 0 \| met: >= 2 x them \(2\.31\)<br>not met: errors <= 0 \(2\)/);
});

test('a goal takes the median, a ratio, or the worst of what stands beside it', () => {
  const about = { median: 10, extra: { served: [256, 255], growth: [1.05, 1.2] } };
  const medianOf = (who) => ({ floor: 5 })[who];
  const met = (goal) => judge(goal, about, medianOf).met;
  assert.deepEqual(['<= 10', '<= 9', '>= 2 x floor', '>= 2.1 x floor'].map(met), [true, false, true, false]);
  assert.deepEqual(['served >= 256', 'served >= 255', 'growth <= 1.1', 'growth <= 1.2'].map(met), [false, true, false, true]);
  assert.deepEqual(['>= 2 x nobody', 'absent <= 1'].map(met), [undefined, undefined]);
  assert.throws(() => met('fast'), /is no goal/);
});

test('what is no figure is refused', () => {
  const report = new Report();
  assert.throws(() => report.add({ ...row, what: 'calls', who: 'us', values: [] }), /are no figures/);
  assert.throws(() => report.add({ ...row, what: 'calls', who: 'us', values: [NaN] }), /are no figures/);
  assert.throws(() => report.add({ ...row, what: 'calls', who: 'us', values: [1], better: 'more' }), /what is it/);
});

test('the results are JSON, with the machine in it', () => {
  const { machine, rows } = JSON.parse(example().json(describeMachine()));
  assert.ok(machine.cores >= 1 && machine.kernel && machine.versions.Node);
  assert.deepEqual(rows[0].goals[1], { text: 'errors <= 0', value: 2, met: false });
});

test('a plot has a bar for each, a whisker where there is a range, and no mark-up in its names', () => {
  const bar = { median: 2, min: 1, max: 3 };
  const svg = plot({ title: 'a < b', unit: 'ms', better: 'lower', groups: [{ label: 'g', bars: [{ ...bar, label: '<us>', ours: true }, { label: 'them', median: 4, min: 4, max: 4 }] }] });
  assert.equal(svg.match(/<rect class="bar/g).length, 2);
  assert.equal(svg.match(/class="bar ours"/g).length, 1);
  assert.equal(svg.match(/class="whisker"/g).length, 1);
  assert.ok(svg.includes('&lt;us&gt;') && svg.includes('a &lt; b') && svg.includes('prefers-color-scheme: dark'));
});

test('figures go between their marks, and nothing else changes', () => {
  const marks = ['<!-- figures: from here on written by tests/bench/run --doc -->', '<!-- figures: end -->'];
  const text = `before\n${marks.join('\nold\n')}\nafter\n`;
  const filled = fill(text, 'new');
  assert.equal(filled, `before\n${marks.join('\n\nnew\n\n')}\nafter\n`);
  assert.equal(fill(filled, 'new'), filled);
  assert.throws(() => fill('nothing', 'new'), /is missing/);
});

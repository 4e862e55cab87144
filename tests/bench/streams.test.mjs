// The measurements of streams see what is there: every hub opens what is asked,
// nothing is lost on the way, and what goes wrong is counted. No time is judged.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bin, lacks } from '../lib/site.mjs';
import { FLOOR, lacksHub, NCHAN, NODE, SDK, US } from './hubs.mjs';
import { Report } from './report.mjs';
import { measure } from './streams.mjs';

const run = promisify(execFile);
const TINY = {
  idle: [20],
  turns: 2,
  proxied: 20,
  told: 20,
  seconds: 0.3,
  hubs: 1,
  times: 2,
  rate: 200,
  slow: { n: 4, never: 1, size: 65536, rate: 200, seconds: 1 },
  talks: [{ open: 6, active: 3 }],
};
const all = lacksHub(NCHAN) ? [US, FLOOR, NODE] : [US, FLOOR, NCHAN, NODE];

test('every hub opens what is asked, and nothing is lost', { skip: lacks('nginx') }, async () => {
  const report = new Report({ quiet: true });
  await measure({ rounds: 1, bin, report, scale: TINY });
  const clean = (what, whos, ...names) => {
    for (const who of whos) {
      const row = report.find(what, who);
      assert.ok(row, `${what}, ${who}`);
      for (const name of names) assert.deepEqual(row.extra[name], [0], `${what}, ${who}: ${name}`);
    }
  };
  const readers = all.filter((who) => who !== FLOOR);
  clean('user memory of an idle stream, 20 open', all, 'failed', 'lost');
  clean('streams opened, up to 20', all, 'failed', 'lost');
  clean('private memory after 2 times 20 streams', [US], 'failed', 'lost');
  clean('CPU of a keep-alive comment, 20 streams', all, 'failed', 'lost');
  for (const part of ['first client', 'last client', 'CPU for each stream']) {
    clean(`broadcast to 20, ${part}`, all, 'failed', 'lost', 'refused', 'missing');
  }
  clean('targeted delivery, acknowledged, flat out', all, 'failed', 'lost', 'refused', 'missing');
  clean('targeted delivery at 200/s, 99 of 100 within', all, 'failed', 'lost', 'refused', 'missing');
  clean('memory taken for 1 of 4 streams that never read', readers, 'failed');
  clean('the 3 that read, 99 of 100 within', readers, 'failed', 'refused', 'missing');
  clean('user memory of a stream, broker and nginx, 20 open', readers.filter((who) => who !== NODE), 'failed', 'lost');
  clean('POST to answer on the stream, 3 of 6 active, nginx', [US, SDK], 'failed', 'lost', 'errors');

  const slow = report.find('memory taken for 1 of 4 streams that never read', US);
  assert.deepEqual([slow.extra.cut, slow.extra.counted], [[1], [1]], 'who does not read is cut, and counted');
  assert.ok(report.find('CPU of a keep-alive comment, 20 streams', US).extra.comments[0] >= 20);
  assert.ok(report.find('targeted delivery, acknowledged, flat out', US).extra.sent[0] > 0);
});

// --- what goes wrong is counted -------------------------------------------------------------

// A hub that does as told: open(socket, path) when a stream is asked for, and
// publish(path, body) when something is posted; -> a status.
async function startHub(t, { open, publish = () => 200 }) {
  const server = net.createServer((socket) => {
    let heard = '';
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      heard += bytes;
      const [, head, body] = /^([^]*?\r\n\r\n)([^]*)$/.exec(heard) ?? [];
      if (head === undefined || body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
      heard = '';
      const [method, where] = head.split(' ');
      if (method === 'GET') open(socket, where);
      else socket.write(`HTTP/1.1 ${publish(where, body)} so\r\nContent-Length: 0\r\n\r\n`);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return server.address().port;
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const words = (command, port, ...options) => [command, '--to', `127.0.0.1:${port}`, '--path', '/sub/{}', ...options];
const load = async (...all) => JSON.parse((await run(path.join(bin, 'tests/bench/load_streams'), words(...all))).stdout);

// What it says of a run that cannot be brought to its end.
async function fails(...all) {
  const error = await run(path.join(bin, 'tests/bench/load_streams'), words(...all)).then(() => assert.fail('it did not fail'), (why) => why);
  assert.equal(error.code, 1, error.message);
  return JSON.parse(error.stdout);
}

test('a stream that is refused has failed, and one that ends is lost', async (t) => {
  const port = await startHub(t, {
    open: (socket, where) => {
      const n = Number(where.split('/')[2]);
      if (n % 4 === 0) socket.end('HTTP/1.1 503 no\r\nContent-Length: 2\r\n\r\nno');
      else if (n % 4 === 1) socket.destroy();
      else if (n % 4 === 2) socket.end(`${HEAD}\r\n:\n\n`);
      else socket.write(`${HEAD}\r\n:\n\n`);
    },
  });
  const seen = await load('open', port, '--n', '40', '--seconds', '1');
  assert.deepEqual([seen.opened, seen.failed, seen.lost], [20, 20, 10]);
});

// Each way to write an event to a socket.
const forms = {
  plain: { head: `${HEAD}\r\n`, frame: (text) => [text] },
  chunked: { head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, frame: (text) => [`${text.length.toString(16)}\r\n${text}\r\n`] },
  pieces: {
    head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    frame: (text) => [...text].flatMap((c) => ['1\r', `\n${c}`, '\r\n']),
  },
};

// swallow: every so manyth event never comes
async function startTeller(t, { head, frame }, swallow = Infinity) {
  const streams = new Map();
  let n = 0;
  const port = await startHub(t, {
    open: (socket, where) => {
      streams.set(where.split('/')[2], socket);
      for (const one of [head, ...frame(': hello\n\n')]) socket.write(one);
    },
    publish: (where, body) => {
      const socket = streams.get(where.split('/')[2]);
      if (++n % swallow) for (const one of frame(`id: ${n}\ndata: ${body}\n\n`)) socket.write(one);
      return 202;
    },
  });
  return port;
}

const DELIVER = ['--n', '5', '--publish', '/pub/{}', '--publishers', '3', '--seconds', '0.3', '--rate', '100'];

test('events are read whole or in pieces, counted or chunked', async (t) => {
  for (const [name, form] of Object.entries(forms)) {
    const seen = await load('deliver', await startTeller(t, form), ...DELIVER);
    for (const part of [seen.max, seen.paced]) {
      assert.ok(part.sent > 0, name);
      assert.deepEqual([part.received, part.acknowledged, part.refused], [part.sent, part.sent, 0], name);
      assert.ok(part.max_us >= part.p99_us && part.p99_us >= part.p50_us && part.p50_us > 0, name);
    }
  }
});

test('what was acknowledged and did not come is missing', async (t) => {
  const { max, paced } = await load('deliver', await startTeller(t, forms.plain, 4), ...DELIVER);
  for (const part of [max, paced]) assert.ok(part.acknowledged === part.sent && part.received < part.sent, JSON.stringify(part));
});

test('what a hub does not take is refused', async (t) => {
  const port = await startHub(t, { open: (socket) => socket.write(`${HEAD}\r\n:\n\n`), publish: () => 507 });
  const { max } = await load('deliver', port, ...DELIVER);
  assert.deepEqual([max.acknowledged, max.received, max.refused], [0, 0, max.sent]);
});

// A server of HTTP+SSE whose answers are made by answer(id).
function startTalker(t, answer) {
  const streams = new Map();
  return startHub(t, {
    open: (socket, where) => {
      streams.set(where.split('/')[2], socket);
      socket.write(`${HEAD}\r\nevent: endpoint\ndata: /post/${where.split('/')[2]}\n\n`);
    },
    publish: (where, body) => {
      const { id, params } = JSON.parse(body);
      const result = { content: [{ type: 'text', text: params?.arguments?.text ?? '' }] };
      if (id !== undefined) streams.get(where.split('/')[2]).write(`event: message\ndata: ${JSON.stringify(answer({ result, jsonrpc: '2.0', id }))}\n\n`);
      return 202;
    },
  });
}

test('an answer on the stream is one call; another one is an error', async (t) => {
  const options = ['--n', '4', '--active', '2', '--seconds', '0.3'];
  const good = await load('roundtrip', await startTalker(t, (all) => all), ...options);
  assert.ok(good.errors === 0 && good.calls > 0 && good.p50_us > 0, JSON.stringify(good));
  const wrong = await fails('roundtrip', await startTalker(t, (all) => (all.id === 3 ? { ...all, id: 4 } : all)), ...options);
  assert.deepEqual([wrong.errors, wrong.calls], [2, 2], 'two callers had their first call right');
});

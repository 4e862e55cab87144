// I am one web server with everybody who is compared behind it: us, with the
// shipped files; the floor, a connection for each request, as stock libfcgi
// needs it; the official SDK; and nobody at all, "return 200".
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, makeProxy, startSite, top } from '../lib/site.mjs';
import { Program } from '../lib/stack.mjs';

export const US = 'mcp-fcgi';
export const FLOOR = 'libfcgi floor';
export const SDK = 'TypeScript SDK 2';
export const SDK_2 = 'TypeScript SDK 2, 2 processes';
export const NOTHING = 'return 200';

// as quickstart does
export const WORKERS = 2;
const THREADS = 8;

export const sdkServer = fileURLToPath(new URL('peers/sdk-server.mjs', import.meta.url));
export const floorArgs = (dir, processes = WORKERS) => [
  ...['--listen', path.join(dir, 'floor.sock'), '--database', path.join(dir, 'clients.db')],
  ...['--processes', String(processes), '--threads', String(THREADS)],
];
export const sdkArgs = (dir, processes) => [
  ...[sdkServer, '--listen', path.join(dir, `sdk${processes}.sock`)],
  ...['--database', path.join(dir, 'clients.db'), '--processes', String(processes)],
];

// The example has one tool more.
export const withEcho = (config) => ({ ...config, plugins: [path.join(bin, 'tests/bench/echo.so')] });

// --- what the web servers are told ----------------------------------------------------

// The shipped file, but for where it goes and for the connection, which libfcgi
// cannot keep without starving who comes late.
function floorConf(dir) {
  const shipped = fs.readFileSync(path.join(top, 'proxy-configs/nginx/worker.conf'), 'utf8');
  const conf = shipped
    .replace(/^fastcgi_pass .*;$/m, `fastcgi_pass unix:${dir}/floor.sock;`)
    .replace(/^fastcgi_keep_conn .*;$/m, 'fastcgi_keep_conn off;');
  if (!/floor.sock/.test(conf) || !/keep_conn off/.test(conf)) throw new Error('worker.conf is not what I thought');
  return conf;
}

const sdkLocation = (n) => `
location = /sdk${n} {
  proxy_pass http://sdk${n};
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
}`;

const sdkUpstream = (dir, n) => `
upstream sdk${n} {
  server unix:${dir}/sdk${n}.sock;
  keepalive 64;
}`;

function nginx({ dir, port }) {
  fs.writeFileSync(path.join(dir, 'floor.conf'), floorConf(dir));
  const extra = `
access_log off;
location = /nothing { return 200; }
location = /floor { include ${dir}/floor.conf; }
${sdkLocation(1)}${sdkLocation(2)}`;
  const command = makeProxy('nginx', port, dir, extra);
  fs.appendFileSync(path.join(dir, 'upstreams.conf'), sdkUpstream(dir, 1) + sdkUpstream(dir, 2));
  return command;
}

function apache({ dir, port }) {
  const extra = `ProxyPass "/floor" "unix:${dir}/floor.sock|fcgi://floor/" enablereuse=off timeout=300 retry=0\n`;
  return makeProxy('apache', port, dir, extra);
}

// --- who is there -----------------------------------------------------------------------

// The first process and those it started.
function processes(pid) {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.map(Number)];
}

export function privateKib(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}

async function startPeer(scope, name, args) {
  const peer = await Program.start(name, args);
  scope.after(() => peer.close());
  return peer;
}

const ours = (site) => ({
  who: US,
  path: '/mcp',
  memory: () => ({
    worker: Math.max(...Array.from({ length: WORKERS }, (_, i) => privateKib(site.pidOf(`worker ${i + 1}`)))),
    broker: privateKib(site.pidOf('broker')),
  }),
});

const peer = (who, at, program) => ({
  who,
  path: at,
  memory: () => ({ worker: Math.max(...processes(program.pid).map(privateKib)) }),
});

// proxy: 'nginx' or 'apache'. -> { port, subjects: [{ who, path, memory() }] }
export async function startFront(scope, proxy) {
  const site = await startSite(scope, {
    proxy: proxy === 'nginx' ? nginx : apache,
    config: withEcho,
    workers: WORKERS,
    logFile: 'site.log',
  });
  const floor = await startPeer(scope, 'tests/bench/peers/floor', floorArgs(site.dir));
  const subjects = [ours(site), peer(FLOOR, '/floor', floor)];
  if (proxy === 'nginx') {
    for (const [who, n] of [[SDK, 1], [SDK_2, 2]]) {
      const sdk = await startPeer(scope, process.execPath, sdkArgs(site.dir, n));
      subjects.push({ ...peer(who, `/sdk${n}`, sdk), slow: 5 }); // to become warm
    }
    subjects.push({ who: NOTHING, path: '/nothing', blind: true });
  }
  return { port: site.port, dir: site.dir, subjects };
}

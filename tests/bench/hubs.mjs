// I start each hub that is compared, and know how to speak with it.
//
//   const hub = await startHub(scope, NCHAN, { alive: true });
//   load(bin, 'open', hub, [...hub.own, '--n', '100']);
//
// A hub has .pids, its processes; .to, where streams are opened; and words for
// load_streams: .own, a stream for each client that can be told something by
// itself; .shared, streams that all hear the same; .targeted and .general, how
// one or all are told.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, freePort, makeDirectory, makeProxy, startSite } from '../lib/site.mjs';
import { Program, startStack, until } from '../lib/stack.mjs';

export const US = 'mcp-fcgi';
export const FLOOR = 'epoll floor';
export const NCHAN = 'nchan';
export const NODE = 'Node';
export const SDK = 'TypeScript SDK 1';

const MODERN = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';
const POSTS = ['--publishers', '16'];
const ALIVE_MS = 1000; // between comments, where they are measured
const NCHAN_MODULES = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/local/lib/nginx/modules'];
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
// With less than a sixteenth of its connections free, nginx closes new ones whose
// request it has not read: it gets more of them than it may have files.
const connections = () => Math.ceil(mostFiles() * 1.25);
const mostFiles = () => Math.min(Number(execFileSync('sh', ['-c', 'ulimit -Hn | sed s/unlimited/65536/'], { encoding: 'utf8' })), 65536);

// The first process and those it started.
function processes(pid) {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.map(Number)];
}

async function startProgram(scope, name, args) {
  const program = await Program.start(name, args);
  scope.after(() => program.close());
  return program;
}

const addressOf = (program) => program.ready.split(' ').at(-1);

// --- us -------------------------------------------------------------------------------------

const listenBody = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'subscriptions/listen',
  params: {
    notifications: { toolsListChanged: true },
    _meta: { [`${PREFIX}protocolVersion`]: MODERN, [`${PREFIX}clientInfo`]: { name: 'load', version: '1' }, [`${PREFIX}clientCapabilities`]: {} },
  },
});
const listenArgs = [
  ...['--path', '/mcp', '--body', listenBody, '--header', 'Content-Type: application/json'],
  ...['--header', `MCP-Protocol-Version: ${MODERN}`, '--header', 'Mcp-Method: subscriptions/listen'],
];

async function startOurs(scope, { alive, limits = {} }) {
  const enough = { max_streams: 100000, max_streams_per_address: 0 };
  if (alive) enough.comment_ms = ALIVE_MS;
  const stack = await startStack(scope, { workers: 0, broker: false, limits: { ...enough, ...limits } });
  await stack.startBroker({ http: '127.0.0.1:0' });
  const closed = (reason) => stack.metric(`mcp_broker_streams_closed_total{reason="${reason}"}`);
  return {
    to: addressOf(stack.broker),
    pids: [stack.broker.pid],
    own: ['--path', '/mcp/sse'],
    shared: listenArgs,
    targeted: ['--bus', stack.bus],
    general: ['--bus', stack.bus],
    privateKib: () => stack.broker.privateBytes / 1024,
    isIdle: async () => (await stack.status()).streams.open === 0,
    cuts: async () => (await closed('over_quota')) + (await closed('stalled')),
  };
}

// --- the others -----------------------------------------------------------------------------

async function startFloor(scope, { alive }) {
  const dir = makeDirectory(scope);
  const bus = `ipc://${path.join(dir, 'bus.sock')}`;
  const program = await startProgram(scope, 'tests/bench/peers/hub', ['--bus', bus, ...(alive ? ['--comment-ms', String(ALIVE_MS)] : [])]);
  return {
    to: addressOf(program),
    pids: [program.pid],
    own: ['--path', '/'],
    shared: ['--path', '/'],
    targeted: ['--bus', bus],
    general: ['--bus', bus],
  };
}

const byPost = {
  own: ['--path', '/sub/{}'],
  shared: ['--path', '/sub/all'],
  targeted: ['--publish', '/pub/{}', ...POSTS],
  general: ['--publish', '/pub/all', ...POSTS],
};

async function startNode(scope, { alive }) {
  const args = [here('peers/node-hub.mjs'), ...(alive ? ['--comment-ms', String(ALIVE_MS)] : [])];
  const program = await startProgram(scope, process.execPath, args);
  return { to: addressOf(program), pids: [program.pid], ...byPost };
}

function nchanModule() {
  return NCHAN_MODULES.map((dir) => path.join(dir, 'ngx_nchan_module.so')).find(fs.existsSync);
}

function writeNchanConf(dir, port) {
  const fill = {
    MODULE: nchanModule(),
    DIR: dir,
    PORT: port,
    FILES: mostFiles(),
    CONNECTIONS: connections(),
    USER: process.getuid() === 0 ? 'user root;' : '',
  };
  const text = fs.readFileSync(here('nchan.conf'), 'utf8').replace(/@([A-Z]+)@/g, (whole, name) => fill[name] ?? whole);
  const file = path.join(dir, 'nchan.conf');
  fs.writeFileSync(file, text);
  return file;
}

const answersAt = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

async function startNchan(scope, { alive }) {
  const dir = makeDirectory(scope);
  const port = await freePort();
  const child = spawn(findProgram('nginx'), ['-c', writeNchanConf(dir, port), '-e', path.join(dir, 'nchan.log')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  let said = '';
  child.stderr.on('data', (bytes) => (said += bytes));
  scope.after(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  await until('nchan listens', () => {
    if (child.exitCode !== null) throw new Error(`nchan: ${said}`);
    return processes(child.pid).length > 1 && answersAt(port);
  });
  return { to: `127.0.0.1:${port}`, pids: processes(child.pid), ...byPost, ...(alive && { own: ['--path', '/alive/{}'] }) };
}

const starters = { [US]: startOurs, [FLOOR]: startFloor, [NCHAN]: startNchan, [NODE]: startNode };

// alive: it sends a comment to every stream each second; limits: of mcp.json
export const startHub = async (scope, who, options = {}) => ({ who, ...(await starters[who](scope, options)) });

// A reason to leave it out, or false.
export function lacksHub(who) {
  if (who !== NCHAN) return false;
  return findProgram('nginx') && nchanModule() ? false : 'nchan is not installed';
}

// --- behind nginx ---------------------------------------------------------------------------

const sdkLocation = `
access_log off;
keepalive_requests 1000000000;
location /sdk/ {
  proxy_pass http://sdk;
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
}`;

const sdkUpstream = (dir) => `
upstream sdk {
  server unix:${dir}/sdk.sock;
  keepalive 64;
}`;

const echoTool = {
  name: 'echo',
  description: 'Says it again',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  text: '{text}',
};

// single: one process of nginx, with all the files it can have, so that the
// streams it holds are not spread by chance
function nginxFor(single) {
  return ({ dir, port }) => {
    const command = makeProxy('nginx', port, dir, sdkLocation);
    fs.appendFileSync(path.join(dir, 'upstreams.conf'), sdkUpstream(dir));
    if (!single) return command;
    const file = path.join(dir, 'nginx.conf');
    const conf = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, conf.replace('worker_processes auto;', 'worker_processes 1;').replace(/worker_connections \d+;/, `worker_connections ${connections()};`));
    return command;
  };
}

// The shipped files in front of us, and of the official SDK's server.
export async function startFront(scope, { single = false } = {}) {
  const site = await startSite(scope, {
    proxy: nginxFor(single),
    config: (config) => void config.tools.push(echoTool),
    logFile: 'site.log',
  });
  const to = `127.0.0.1:${site.port}`;
  const ours = { who: US, to, own: ['--path', '/mcp/sse'], pids: [site.pidOf('broker'), ...processes(site.pidOf('command'))] };
  if (single) return { ours };
  const sdk = await startProgram(scope, process.execPath, [here('peers/sdk-sse.mjs'), '--listen', path.join(site.dir, 'sdk.sock')]);
  return { ours, sdk: { who: SDK, to, own: ['--path', '/sdk/sse'], pids: [sdk.pid] } };
}

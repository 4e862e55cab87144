// I start a broker and workers by hand, each with a socket of its own.
//
//   const stack = await startStack(t, { workers: 2, limits: { heartbeat_ms: 100 } });
//   const answer = await stack.say(0, { jsonrpc: '2.0', id: 1, method: 'ping' });
//   const stream = await stack.stream();
//   stack.workers[0].kill('SIGKILL');
//
// No web server and no supervisor: a test says which process it speaks with,
// and who dies stays dead. All that was opened or started ends with the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { FcgiConnection } from './fcgi.mjs';
import { request } from './http.mjs';
import { descriptorsOf, privateBytesOf } from './kernel.mjs';
import { bin, findProgram, makeDirectory, makeExample } from './site.mjs';
import { openStream } from './sse.mjs';

const READY_MS = 30000;
const STOP_MS = 20000;
const REPORTS = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed/;

// Who kills the test kills what it started, where the system can do that.
const setpriv = findProgram('setpriv');
const leash = setpriv ? [setpriv, '--pdeathsig', 'KILL'] : [];

// Asks until it is so: for what another process does in its own time.
export async function until(what, predicate, timeout = 10000) {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await predicate();
    if (found) return found;
    if (performance.now() >= end) assert.fail(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// Does that process run? One that has ended and was not buried does not.
export function runs(pid) {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

// One program, from its first line to its last; the processes that take its
// place (heirs) are it, too.
export class Program {
  stderr = '';
  heirs = []; // their ids
  #child;
  #forced = false;

  // name: of a program of ours, or the path of another; from: where it is.
  // wrap: the words of a command that runs it, in its own process; env: more
  // of its environment.
  // -> resolves with the line it says when it is ready
  static async start(name, args, { from = bin, ...how } = {}) {
    const program = new Program();
    await program.#start(path.resolve(from, name), args, how);
    return program;
  }

  async #start(file, args, { wrap = [], env = {} }) {
    const name = path.basename(file);
    const [command, ...words] = [...leash, ...wrap, file, ...args, '--ready-fd', '3'];
    const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child = child;
    this.name = name;
    this.exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    child.stderr.on('data', (bytes) => (this.stderr += bytes));
    this.silent = new Promise((resolve) => child.stderr.on('close', resolve));
    this.ready = await new Promise((resolve, reject) => {
      let line = '';
      const timer = setTimeout(() => reject(new Error(`${name} is not ready\n${this.stderr}`)), READY_MS);
      child.on('error', reject);
      child.stdio[3].on('data', (bytes) => {
        line += bytes;
        this.heirs = [...line.matchAll(/^heir (\d+)$/gm)].map(([, pid]) => Number(pid));
        if (!line.includes('\n')) return;
        clearTimeout(timer);
        resolve(line.split('\n')[0]);
      });
      this.exited.then((how) => {
        clearTimeout(timer);
        reject(new Error(`${name} ended (${how}) before it was ready\n${this.stderr}`));
      });
    }).catch(async (error) => {
      child.kill('SIGKILL');
      throw error;
    });
  }

  get pid() {
    return this.heirs.at(-1) ?? this.#child.pid;
  }

  #signal(signal) {
    if (runs(this.pid)) process.kill(this.pid, signal);
  }

  // -> how it ended, the first of them
  kill(signal = 'SIGKILL') {
    this.#forced ||= signal === 'SIGKILL';
    this.#signal(signal);
    return this.exited;
  }

  freeze() {
    this.#signal('SIGSTOP');
  }

  thaw() {
    this.#signal('SIGCONT');
  }

  // The answers of the kernel: private bytes, open descriptors.
  get privateBytes() {
    return privateBytesOf(this.pid);
  }

  get descriptors() {
    return descriptorsOf(this.pid);
  }

  get isSanitized() {
    return /lib(asan|tsan)|\.so.*asan/.test(fs.readFileSync(`/proc/${this.pid}/maps`, 'utf8'));
  }

  // Ends it, and complains about what sanitizers found or how it ended.
  async close() {
    this.thaw();
    this.#signal('SIGTERM');
    if (this.heirs.length) this.#child.kill('SIGTERM'); // it may still have calls to answer
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
      this.#signal('SIGKILL');
    }, STOP_MS);
    const how = await this.exited;
    clearTimeout(timer);
    await this.silent;
    const said = `\n--- standard error of ${this.name}\n${this.stderr.slice(-20000)}`;
    if (late) throw new Error(`${this.name} did not end within ${STOP_MS} ms${said}`);
    if (REPORTS.test(this.stderr)) throw new Error(`${this.name} reports an error${said}`);
    if (how !== 0 && !this.#forced) throw new Error(`${this.name} ended with ${how}${said}`);
  }
}

// A socket that says what it is told, be it nonsense, and keeps what it hears.
export class RawSocket {
  heard = Buffer.alloc(0);
  #socket;

  // rude: it goes on when the other side has said that it will not.
  static open(target, { rude = false } = {}) {
    const raw = new RawSocket();
    return new Promise((resolve, reject) => {
      const where = typeof target === 'string' ? { path: target } : target;
      const socket = net.connect({ ...where, allowHalfOpen: rude });
      raw.#socket = socket;
      socket.once('connect', () => resolve(raw));
      socket.on('error', reject); // a reset later is no news
      socket.on('data', (bytes) => {
        raw.heard = Buffer.concat([raw.heard, bytes]);
        raw.#look();
      });
      raw.closed = new Promise((done) => socket.on('close', done));
    });
  }

  #waiters = [];

  #look() {
    this.#waiters = this.#waiters.filter(({ pattern, resolve }) => {
      if (!pattern.test(this.text)) return true;
      resolve(this.text);
      return false;
    });
  }

  // -> all that was heard, once the pattern is in it
  until(pattern) {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ pattern, resolve });
      this.#look();
      this.closed.then(() => reject(new Error(`closed without ${pattern}: ${this.text}`)));
    });
  }

  write(bytes) {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  end() {
    this.#socket.end();
  }

  // From now on nothing is read.
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  get text() {
    return this.heard.toString('latin1');
  }

  close() {
    this.#socket.destroy();
    return this.closed;
  }
}

const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

class Stack {
  broker = null;
  workers = [];
  #programs = [];
  #numbers = 0; // of workers' sockets
  #open = []; // connections and streams

  constructor(dir, config) {
    this.dir = dir;
    this.config = config;
    this.secret = path.join(dir, 'secret.key');
    this.bus = `ipc://${path.join(dir, 'bus.sock')}`;
    this.brokerSocket = path.join(dir, 'broker.sock');
    this.adminSocket = path.join(dir, 'admin.sock');
    fs.writeFileSync(this.secret, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  }

  // http: where it listens; its own unix socket if nothing is said. how: see
  // Program.start.
  async startBroker({ http = `unix:${this.brokerSocket}`, ...how } = {}) {
    const args = ['--config', this.config, '--http', http, '--bus', this.bus];
    args.push('--admin', this.adminSocket, '--secret', this.secret);
    this.broker = await Program.start('mcp-broker', args, how);
    this.#programs.push(this.broker);
    return this.broker;
  }

  // port: of 127.0.0.1, where it listens instead of on a socket of its own.
  async startWorker({ threads, slots, secret = this.secret, port, ...how } = {}) {
    const socket = port ?? path.join(this.dir, `worker${this.#numbers++}.sock`);
    const args = ['--config', this.config, '--bus', this.bus, '--secret', secret];
    args.push('--listen', port ? `127.0.0.1:${port}` : `unix:${socket}`);
    if (threads) args.push('--threads', String(threads));
    if (slots) args.push('--slots', String(slots));
    const worker = await Program.start('mcp-fcgi', args, how);
    worker.socket = socket;
    this.#programs.push(worker);
    this.workers.push(worker);
    return worker;
  }

  #keep(thing) {
    this.#open.push(thing);
    return thing;
  }

  // A kept connection to worker number i, whose socket may be a port.
  async connect(i = 0) {
    const { socket } = this.workers[i];
    if (typeof socket === 'string') return this.#keep(await FcgiConnection.open(socket));
    return this.#keep(new FcgiConnection(net.connect(socket, '127.0.0.1')));
  }

  // keep: it ends with the test, should the test not end it.
  async raw(target, { keep = true, ...options } = {}) {
    const raw = await RawSocket.open(target, options);
    return keep ? this.#keep(raw) : raw;
  }

  // POST one message to worker number i, on a connection for it alone. value:
  // an object, or the body as a string or bytes.
  async say(i, value, { uri = '/mcp', headers = {}, ...options } = {}) {
    const connection = await this.connect(i);
    const body = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);
    const all = Array.isArray(headers) ? [...Object.entries(JSON_HEADERS), ...headers] : { ...JSON_HEADERS, ...headers };
    const answer = await connection.request('POST', uri, { headers: all, body, ...options }).answer;
    await connection.close();
    return answer;
  }

  // The same, as a JSON-RPC request; -> the answer's JSON.
  async call(i, method, params, options) {
    const answer = await this.say(i, { jsonrpc: '2.0', id: 1, method, params }, options);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  // Any method.
  async ask(i, method, uri, options) {
    const connection = await this.connect(i);
    const answer = await connection.request(method, uri, options).answer;
    await connection.close();
    return answer;
  }

  // A session. -> its id
  async initialize(i, { protocolVersion = '2025-11-25', ...options } = {}) {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const answer = await this.say(i, { jsonrpc: '2.0', id: 1, method: 'initialize', params }, options);
    assert.equal(answer.status, 200, answer.text);
    return answer.headers['mcp-session-id'];
  }

  // An answer of the broker that may be a stream. user, address: what the web
  // server says of the caller.
  async stream({ path: at = '/mcp/sse', user, address, headers = {}, ...options } = {}) {
    const told = {};
    if (user) told['X-Mcp-User'] = user;
    if (address) told['X-Mcp-Addr'] = address;
    const target = { socketPath: this.brokerSocket, path: at };
    return this.#keep(await openStream(target, { headers: { ...told, ...headers }, ...options }));
  }

  // A stream that has been greeted. -> the stream, with its .id
  async greeted(options) {
    const stream = await this.stream(options);
    const endpoint = await stream.next('endpoint');
    stream.endpoint = endpoint.data;
    stream.id = endpoint.data.split('connection_id=')[1];
    return stream;
  }

  // One HTTP request to the broker.
  http(method, at, options = {}) {
    return request({ socketPath: this.brokerSocket, path: at }, { method, ...options });
  }

  // What the broker says of itself.
  async status() {
    return (await request({ socketPath: this.adminSocket, path: '/status' })).json;
  }

  // One of its counters, by a line's beginning.
  async metric(name) {
    const { text } = await request({ socketPath: this.adminSocket, path: '/metrics' });
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    assert.ok(line, `there is no metric ${name} in\n${text}`);
    return Number(line.slice(name.length + 1));
  }

  health(i = 0) {
    return this.ask(i, 'GET', '/mcp').then((answer) => answer.json.broker);
  }

  hasBroker(i = 0) {
    return until('the worker knows its broker', async () => (await this.health(i)) === 'reachable');
  }

  log() {
    return this.#programs.map((one) => `--- ${one.name} ${one.pid}\n${one.stderr.slice(-4000)}`).join('');
  }

  // The workers first: their goodbyes are heard.
  async close() {
    await Promise.all(this.#open.map((one) => one.close()));
    const ends = [];
    for (const one of this.workers) ends.push(one.close());
    const results = await Promise.allSettled(ends);
    for (const one of this.#programs) if (!this.workers.includes(one)) results.push(...(await Promise.allSettled([one.close()])));
    const bad = results.filter((one) => one.status === 'rejected');
    if (bad.length) throw bad[0].reason;
  }
}

// owner: a test's context, or { after } of node:test for all tests of a file.
// limits: of mcp.json; change: alters the rest of the example's configuration;
// prepare: puts more into its directory first; broker: false for none, or how it
// is to be started (see startBroker).
export async function startStack(owner, { workers = 1, limits = {}, change, prepare, broker = true, ...options } = {}) {
  const dir = makeDirectory(null);
  prepare?.(dir);
  const config = makeExample(dir, (all) => {
    all.limits = { ...all.limits, ...limits };
    return change?.(all) ?? all;
  });
  const stack = new Stack(dir, config);
  const end = async () => {
    try {
      await stack.close();
    } finally {
      if (owner.passed === false || process.env.MCP_VERBOSE) console.error(stack.log());
      fs.rmSync(dir, { recursive: true, force: true });
    }
  };
  try {
    if (broker) await stack.startBroker(broker === true ? {} : broker);
    await Promise.all(Array.from({ length: workers }, () => stack.startWorker(options)));
    if (broker) await Promise.all(stack.workers.map((_, i) => stack.hasBroker(i)));
  } catch (error) {
    await end().catch(() => {});
    throw error;
  }
  owner.after(end);
  return stack;
}

// A statement that never ends by itself, as a tool: what stops it is ms.
export function slowTool(ms, name = 'slow') {
  const query =
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0';
  return { name, description: 'Counts for ever', sql: { database: 'crm', query, result: 'value', timeout_ms: ms } };
}

// A tool that leaves a trace, and one that counts the traces.
export const traceTools = [
  {
    name: 'leave_trace',
    description: 'Adds a client',
    inputSchema: { type: 'object', properties: { email: { type: 'string' } }, required: ['email'] },
    sql: {
      database: 'crm',
      write: true,
      query: "INSERT INTO clients (name, email, created_at, updated_at) VALUES ('Trace', :email, '', '')",
    },
  },
  {
    name: 'count_traces',
    description: 'Counts what was added',
    sql: { database: 'crm', query: "SELECT count(*) FROM clients WHERE name = 'Trace'", result: 'value' },
  },
];

// I start a whole site for a test, and end it.
//
//   test('…', async (t) => {
//     const site = await startSite(t, { proxy: 'nginx' });
//     const answer = await rpc(site.mcp, 'ping');
//
// mcpctl run, the web server with the shipped files, a directory and a port of
// its own. It ends with the test; what it wrote to standard error is shown if
// the test failed. MCP_BIN names the directory of the programs (build/).
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from './http.mjs';

export const top = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const bin = path.resolve(process.env.MCP_BIN ?? path.join(top, 'build'));

const READY_MS = 30000;
const STOP_MS = 15000;
const LOG_LENGTH = 100000;
const REPORTS = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed/;

// Where no browser or curl of this machine gets its own ports from.
function lowPorts() {
  try {
    const range = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    return Math.max(Number(range.split(/\s/)[0]), 12000);
  } catch {
    return 32768;
  }
}

// -> a port of 127.0.0.1 nobody listens on now
export async function freePort() {
  const top = lowPorts();
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * (top - 10000));
    const server = net.createServer();
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

// A directory of the test's own, which Apache's children may enter too.
export function makeDirectory(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-'));
  fs.chmodSync(dir, 0o755);
  t?.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

// The example's configuration and database; change(config) may alter it.
export function makeExample(dir, change) {
  const examples = path.join(top, 'examples');
  for (const name of fs.readdirSync(examples)) {
    if (!/\.(mk|html|c)$/.test(name)) fs.cpSync(path.join(examples, name), path.join(dir, name), { recursive: true });
  }
  const db = path.join(dir, 'clients.db');
  fs.rmSync(db, { force: true });
  execFileSync('sqlite3', [db], { input: fs.readFileSync(path.join(examples, 'clients.sql')) });
  const file = path.join(dir, 'mcp.json');
  if (change) {
    const config = readConfig(file);
    fs.writeFileSync(file, JSON.stringify(change(config) ?? config, null, 2));
  }
  return file;
}

// JSON with comments, as mcp.json is.
export function readConfig(file) {
  const text = fs.readFileSync(file, 'utf8');
  const bare = text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string) => string ?? '');
  return JSON.parse(bare);
}

// An executable of PATH or of the directories of administrators; null if none.
export function findProgram(...names) {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  for (const name of names) {
    for (const place of places) {
      const file = path.join(place, name);
      if (fs.existsSync(file)) return file;
    }
  }
  return null;
}

const programs = { nginx: ['nginx'], apache: ['apache2', 'httpd'] };

// A reason to skip, or false: for test(name, { skip: lacks('nginx') }, …).
export function lacks(proxy) {
  return findProgram(...programs[proxy]) ? false : `${proxy} is not installed`;
}

export class Site {
  stderr = '';
  #child;
  #waiters = [];
  #ending = false;

  // logFile: where standard error goes, for who logs too much for us to read.
  constructor(dir, logFile) {
    this.dir = dir;
    this.logFile = logFile;
    this.workerSocket = path.join(dir, 'worker.sock');
    this.brokerSocket = path.join(dir, 'broker.sock');
    this.adminSocket = path.join(dir, 'admin.sock');
  }

  // -> resolves when mcpctl says ready; rejects when it ends before
  start(args) {
    const log = this.logFile ? fs.openSync(this.logFile, 'w') : 'pipe';
    const child = spawn(path.join(bin, 'mcpctl'), args, { stdio: ['ignore', 'ignore', log, 'pipe'] });
    if (this.logFile) fs.closeSync(log);
    this.#child = child;
    this.exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    child.stderr?.on('data', (bytes) => {
      this.stderr += bytes;
      for (const wake of this.#waiters.splice(0)) wake();
    });
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${why}\n${this.log()}`));
      const timer = setTimeout(() => fail(`not ready within ${READY_MS} ms`), READY_MS);
      child.on('error', (error) => fail(`${bin}/mcpctl: ${error.message}`));
      child.stdio[3].on('data', resolve);
      child.on('close', (code, signal) => fail(`mcpctl ended (${signal ?? code})`));
      child.stdio[3].on('close', () => clearTimeout(timer));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  // What was logged last, where it goes into a file.
  readLog() {
    if (!this.logFile || !fs.existsSync(this.logFile)) return;
    const file = fs.openSync(this.logFile);
    const bytes = Buffer.alloc(LOG_LENGTH);
    const n = fs.readSync(file, bytes, 0, LOG_LENGTH, Math.max(0, fs.fstatSync(file).size - LOG_LENGTH));
    fs.closeSync(file);
    this.stderr = bytes.toString('utf8', 0, n);
  }

  // The process that plays a role now: 'broker', 'worker 1', 'command'.
  pidOf(role) {
    const all = [...this.stderr.matchAll(new RegExp(`: ${role} is process (\\d+)(?: now)?$`, 'gm'))];
    return all.length ? Number(all.at(-1)[1]) : undefined;
  }

  // -> the match, once standard error has it; from: look only behind there
  async waitStderr(pattern, timeout = 5000, from = 0) {
    const until = Date.now() + timeout;
    for (;;) {
      const match = pattern.exec(this.stderr.slice(from));
      if (match) return match;
      if (Date.now() >= until) throw new Error(`no ${pattern} within ${timeout} ms\n${this.log()}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, until - Date.now());
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  // Wait until the web server answers at all.
  async answers() {
    const until = Date.now() + READY_MS;
    for (;;) {
      try {
        return await request(this.mcp);
      } catch (error) {
        if (Date.now() >= until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  // Kill who plays a role, and wait until a successor has started.
  async kill(role, signal = 'SIGKILL') {
    const from = this.stderr.length;
    process.kill(this.pidOf(role), signal);
    await this.waitStderr(new RegExp(`: ${role} is process \\d+$`, 'm'), 10000, from);
  }

  // all there is to know after a failure
  log() {
    this.readLog();
    let text = `--- standard error of the site\n${this.stderr}`;
    for (const name of ['error.log', 'access.log']) {
      const file = path.join(this.dir, name);
      if (fs.existsSync(file)) text += `--- ${name}\n${fs.readFileSync(file, 'utf8').slice(-8000)}`;
    }
    return text;
  }

  // Ends it and waits; complains about what sanitizers found.
  async close() {
    if (!this.#child || this.#ending) return;
    this.#ending = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    let patient = true;
    const timer = setTimeout(() => {
      patient = false;
      this.#child.kill('SIGKILL');
    }, STOP_MS);
    await this.exited;
    clearTimeout(timer);
    this.readLog();
    if (REPORTS.test(this.stderr)) throw new Error(`a program reports an error\n${this.log()}`);
    if (!patient) throw new Error(`the site did not end within ${STOP_MS} ms\n${this.log()}`);
  }
}

// t: the test's context, which ends the site; null: the caller calls close().
// proxy: 'nginx', 'apache', null for the sockets alone, or a function of the site
// (which has .dir and .port) that returns the command of a web server.
// config: a path, an object, or a function that changes the example's.
// extra: directives for the server{} or <VirtualHost>.
// probe: false where a ping would not be granted: any answer of the web server
// counts then.
// mount: where mcp.json and the web server's files have it; "/mcp".
// logFile: a name in the site's directory, for its standard error.
export async function startSite(t, options = {}) {
  const { proxy = null, config, workers = 2, threads, extra, probe = true, mount = '/mcp', logFile } = options;
  for (let attempt = 1; ; attempt++) {
    const dir = makeDirectory(null);
    const site = new Site(dir, logFile && path.join(dir, logFile));
    try {
      const args = ['run', '--dir', dir, '--workers', String(workers), '--ready-fd', '3'];
      args.push('--config', writeConfig(dir, config));
      if (threads) args.push('--threads', String(threads));
      if (proxy) {
        const port = await freePort();
        site.url = `http://127.0.0.1:${port}`;
        site.mcp = site.url + mount;
        site.port = port;
        if (probe) args.push('--probe', site.mcp);
        const command = typeof proxy === 'function' ? proxy(site) : makeProxy(proxy, port, dir, extra);
        args.push('--', ...command);
      }
      await site.start(args);
      if (proxy && !probe) await site.answers();
      site.readLog();
    } catch (error) {
      await site.close().catch(() => {});
      fs.rmSync(dir, { recursive: true, force: true });
      if (attempt < 3 && /Address already in use/.test(error.message)) continue;
      throw error;
    }
    t?.after(async () => {
      try {
        await site.close();
      } finally {
        if (t.passed === false || process.env.MCP_VERBOSE) console.error(site.log());
        fs.rmSync(dir, { recursive: true, force: true });
      }
    });
    return site;
  }
}

function writeConfig(dir, config) {
  if (typeof config === 'string') return config;
  if (config === undefined || typeof config === 'function') return makeExample(dir, config);
  const file = path.join(dir, 'mcp.json');
  fs.writeFileSync(file, JSON.stringify(config, null, 2));
  return file;
}

// -> the command that runs the web server
export function makeProxy(proxy, port, dir, extra) {
  const args = [proxy, String(port), dir];
  if (extra) {
    const file = path.join(dir, 'extra.conf');
    fs.writeFileSync(file, extra);
    args.push(file);
  }
  const words = execFileSync(path.join(top, 'proxy-configs/make-site'), args, { encoding: 'utf8' });
  fs.copyFileSync(path.join(top, 'examples/mcp_sse_example.html'), path.join(dir, 'www/mcp_sse_example.html'));
  return words.trimEnd().split('\n');
}

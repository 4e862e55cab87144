// I start a PostgreSQL of the test's own, and end it.
//
//   const server = await startPostgres({ after });
//   server.sql('CREATE TABLE t (a int)');
//   config.databases.crm.url = server.url;
//   await server.stop(); await server.start();
//
// A cluster in a directory of its own, on a unix socket in it: no port, and
// nothing of the machine's own server is touched. Where the test is root the
// server is not, for it refuses to be.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findProgram } from './site.mjs';

const READY_MS = 30000;

// Where Debian and others keep what is not for PATH.
function findServer(name) {
  const found = findProgram(name);
  if (found) return found;
  const places = ['/usr/lib/postgresql', '/usr/local/pgsql'].flatMap((top) => {
    const versions = fs.existsSync(top) ? fs.readdirSync(top) : [];
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => path.join(top, version, 'bin', name));
  });
  return places.find((file) => fs.existsSync(file)) ?? null;
}

const isRoot = process.getuid() === 0;
const setpriv = findProgram('setpriv');

// A reason to skip, or false.
export function lacksPostgres() {
  for (const name of ['initdb', 'postgres', 'psql']) if (!findServer(name)) return 'PostgreSQL is not installed';
  return isRoot && !setpriv ? 'setpriv is not installed' : false;
}

// Who a server of root's shall be: its own user where there is one.
function somebody() {
  const users = fs.readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

class Postgres {
  said = '';
  #child = null;

  constructor(dir) {
    this.dir = dir;
    this.data = path.join(dir, 'data');
    this.who = isRoot ? somebody() : null;
    this.url = `postgresql://tester@/postgres?host=${encodeURIComponent(dir)}`;
  }

  // The words in front of a program that must not be root.
  get #as() {
    if (!this.who) return setpriv ? [setpriv, '--pdeathsig', 'KILL'] : [];
    return [setpriv, '--reuid', this.who.uid, '--regid', this.who.gid, '--clear-groups', '--pdeathsig', 'KILL'].map(String);
  }

  init() {
    if (this.who) fs.chownSync(this.dir, this.who.uid, this.who.gid);
    const words = [...this.#as, findServer('initdb'), '-D', this.data, '-U', 'tester', '-A', 'trust', '-E', 'UTF8'];
    execFileSync(words[0], [...words.slice(1), '--locale=C', '--no-sync'], { cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  async start() {
    const settings = { listen_addresses: '', unix_socket_directories: this.dir, fsync: 'off', max_connections: '50' };
    const words = [...this.#as, findServer('postgres'), '-D', this.data];
    for (const [name, value] of Object.entries(settings)) words.push('-c', `${name}=${value}`);
    const child = spawn(words[0], words.slice(1), { cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    this.exited = new Promise((resolve) => child.on('exit', resolve));
    let told = '';
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`PostgreSQL is not ready\n${this.said}`)), READY_MS);
      child.stderr.on('data', (bytes) => {
        this.said += bytes;
        told += bytes;
        if (/ready to accept connections/.test(told)) resolve(clearTimeout(timer));
      });
      this.exited.then((code) => reject(new Error(`PostgreSQL ended with ${code}\n${this.said}`)));
    });
  }

  // fast: who is connected is thrown out.
  async stop() {
    this.#child?.kill('SIGINT');
    await this.exited;
    this.#child = null;
  }

  // -> what it prints, a row a line, columns parted by |
  sql(text) {
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', this.url];
    return execFileSync(findServer('psql'), args, { input: text, encoding: 'utf8' }).trimEnd();
  }

  async close() {
    await this.stop();
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function startPostgres(owner) {
  const server = new Postgres(fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-pg-')));
  fs.chmodSync(server.dir, 0o755);
  owner.after(() => server.close());
  server.init();
  await server.start();
  return server;
}

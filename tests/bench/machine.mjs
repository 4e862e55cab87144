// I describe where and with what something was measured.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { findProgram, top } from '../lib/site.mjs';

// What a command says, or null where there is no such command.
function say(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: top, encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}`.trim() : null;
}

// Of a program that says more than its version.
function version(names, flag) {
  const program = findProgram(...names);
  return program && /\d+(\.\d+)+/.exec(say(program, flag) ?? '')?.[0];
}

function distribution() {
  const file = '/etc/os-release';
  return fs.existsSync(file) ? /^PRETTY_NAME="?([^"\n]*)/m.exec(fs.readFileSync(file, 'utf8'))?.[1] : os.type();
}

// Debian's package, where libfcgi has no other way to say its version.
function fcgi() {
  const said = say('dpkg-query', '-W', '-f', '${Version}', 'libfcgi-dev');
  return say('pkg-config', '--modversion', 'fcgi') ?? said?.split('-')[0];
}

function npm(name) {
  const file = `${top}/tests/node_modules/${name}/package.json`;
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).version : null;
}

function versions() {
  const all = { nginx: version(['nginx'], '-v'), Apache: version(['apache2', 'httpd'], '-v'), Node: process.version.slice(1) };
  const libraries = { 'json-c': 'json-c', libzmq: 'libzmq', libuv: 'libuv', SQLite: 'sqlite3', libsodium: 'libsodium' };
  for (const [name, module] of Object.entries(libraries)) all[name] = say('pkg-config', '--modversion', module);
  all.libfcgi = fcgi();
  for (const name of ['@modelcontextprotocol/server', 'better-sqlite3']) all[name] = npm(name);
  return Object.fromEntries(Object.entries(all).filter(([, one]) => one));
}

export function describeMachine() {
  return {
    processor: os.cpus()[0]?.model ?? os.arch(),
    cores: os.availableParallelism(),
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    system: distribution(),
    kernel: os.release(),
    load_before: os.loadavg()[0],
    date: new Date().toISOString().slice(0, 10),
    source: say('git', 'describe', '--always', '--dirty'),
    versions: versions(),
  };
}

export function machineInWords(machine) {
  const list = Object.entries(machine.versions).map(([name, one]) => `${name} ${one}`);
  return (
    `${machine.date}, ${machine.source ?? 'a release'}: ${machine.processor}, ${machine.cores} cores, ` +
    `${machine.memory_gib} GiB, ${machine.system}, Linux ${machine.kernel}; ${list.join(', ')}.`
  );
}

// I make two small networks with a cable between them, and can pull it: a site
// at one end, a client at the other. They end with the processes that hold them.
import { spawn, spawnSync } from 'node:child_process';
import { findProgram } from './site.mjs';

const programs = ['setpriv', 'unshare', 'nsenter', 'ip'];
const leash = [findProgram('setpriv'), '--pdeathsig', 'KILL'];

// A reason to skip, or false.
export function lacksNetworks() {
  for (const name of programs) if (!findProgram(name)) return `${name} is not installed`;
  const tried = spawnSync(findProgram('unshare'), ['-n', findProgram('ip'), 'link', 'add', 'type', 'veth']);
  return tried.status === 0 ? false : 'no network may be made here';
}

class Network {
  // Held by a process that does nothing.
  static async open(t) {
    const network = new Network();
    const hold = [...leash, findProgram('unshare'), '-n', 'sh', '-c', 'echo here; exec cat'];
    const child = spawn(hold[0], hold.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.stdout.once('data', resolve);
    });
    network.pid = child.pid;
    return network;
  }

  // The words that run a command in it.
  get inside() {
    return [findProgram('nsenter'), `--target=${this.pid}`, '--net'];
  }

  run(...words) {
    const [command, ...rest] = [...this.inside, ...words];
    const { status, stderr, error } = spawnSync(command, rest, { encoding: 'utf8' });
    if (error || status !== 0) throw new Error(`${words.join(' ')}: ${error?.message ?? stderr}`);
  }

  ip(...words) {
    this.run(findProgram('ip'), ...words);
  }

  // net.ipv4.NAME, here alone.
  set(name, value) {
    this.run('sh', '-c', `echo ${value} >/proc/sys/net/ipv4/${name}`);
  }

  // -> a process that runs in it; it ends with the test
  start(t, words, options) {
    const [command, ...rest] = [...leash, ...this.inside, ...words];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
    child.exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    t.after(() => {
      child.kill('SIGTERM');
      return child.exited;
    });
    return child;
  }
}

const SITE = '192.0.2.1';
const CLIENT = '192.0.2.2';

// -> { site, client, address (of the site), pull(), plug() }
export async function makeCable(t) {
  const site = await Network.open(t);
  const client = await Network.open(t);
  site.ip('link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(client.pid));
  for (const [network, address] of [[site, SITE], [client, CLIENT]]) {
    network.ip('address', 'add', `${address}/24`, 'dev', 'cable');
    network.ip('link', 'set', 'lo', 'up');
    network.ip('link', 'set', 'cable', 'up');
  }
  return {
    site,
    client,
    address: SITE,
    // what is sent from now on arrives nowhere, and nobody is told
    pull: () => client.ip('link', 'set', 'cable', 'down'),
    plug: () => client.ip('link', 'set', 'cable', 'up'),
  };
}

// I ask the kernel what a process costs.
import fs from 'node:fs';

const TICK_MS = 10; // of the times in /proc: USER_HZ is 100 everywhere

// What is its own, and goes with it.
export function privateBytesOf(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)];
  return kib.reduce((sum, [, n]) => sum + Number(n), 0) * 1024;
}

// Of that, what it has written itself: which of its files somebody else has
// mapped too does not count.
export function anonymousBytesOf(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Anonymous: +(\d+) kB$/m.exec(text)[1]) * 1024;
}

// How many are open.
export function descriptorsOf(pid) {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

// What it has computed, all threads, for itself and in the kernel.
export function cpuMsOf(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

// How many files one process of ours may open.
export function filesAllowed() {
  const text = fs.readFileSync('/proc/self/limits', 'utf8');
  const most = /^Max open files +\S+ +(\S+)/m.exec(text)[1];
  return most === 'unlimited' ? Infinity : Number(most);
}

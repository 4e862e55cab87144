// I measure how long it takes from the start of a program until it is ready.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { startStack } from '../lib/stack.mjs';
import { FLOOR, floorArgs, SDK, sdkArgs, US, withEcho } from './front.mjs';
import { withScope } from './scope.mjs';

const run = promisify(execFile);
const WHAT = 'start to ready';
const GOAL_MS = 10;

// -> milliseconds
async function times(bin, n, program, args) {
  const all = [String(n), path.resolve(bin, program), ...args, '--ready-fd', '3'];
  const { stdout } = await run(path.join(bin, 'tests/bench/start_time'), all);
  return JSON.parse(stdout).map((us) => us / 1000);
}

// A broker is there when a worker starts, and none when a broker does.
const common = (stack) => ['--config', stack.config, '--secret', stack.secret];

const broker = (stack) => [
  ...common(stack),
  ...['--bus', `ipc://${stack.dir}/other.sock`, '--http', `unix:${stack.dir}/http.sock`],
  ...['--admin', `${stack.dir}/other-admin.sock`],
];

const worker = (stack) => [...common(stack), '--bus', stack.bus, '--listen', `unix:${stack.dir}/start.sock`];

export async function measure({ rounds, quick, bin, report }) {
  const n = quick ? 5 : 20;
  await withScope(async (scope) => {
    const stack = await startStack(scope, { workers: 0, change: withEcho });
    const subjects = [
      [US, 'mcp-fcgi', worker(stack), [`<= ${GOAL_MS}`]],
      [`${US}: the broker`, 'mcp-broker', broker(stack), [`<= ${GOAL_MS}`]],
      [FLOOR, 'tests/bench/peers/floor', floorArgs(stack.dir, 1), []],
      [SDK, process.execPath, sdkArgs(stack.dir, 1), []],
    ];
    for (let round = 0; round < rounds; round++) {
      for (const [who, program, args, goal] of subjects) {
        report.progress(`start: ${who}`);
        const values = await times(bin, n, program, args);
        report.add({ what: WHAT, who, unit: 'ms', better: 'lower', values, peer: FLOOR, goal });
      }
    }
  });
}

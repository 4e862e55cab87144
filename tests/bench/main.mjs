// I run the measurements that are asked for, and leave their report.
// tests/bench/run says how I am called.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bin, makeDirectory } from '../lib/site.mjs';
import { writeDocument } from './document.mjs';
import { draw } from './headlines.mjs';
import { describeMachine, machineInWords } from './machine.mjs';
import { Report } from './report.mjs';
import { endOnSignals, withScope } from './scope.mjs';

const NAMES = ['requests', 'streams', 'startup'];
const here = (name) => new URL(`${name}.mjs`, import.meta.url);
const known = NAMES.filter((name) => fs.existsSync(here(name)));

function fail(text) {
  console.error(`tests/bench/run: ${text}`);
  process.exit(2);
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      doc: { type: 'boolean', default: false },
      out: { type: 'string', default: path.join(bin, 'tests/bench/out') },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  const names = positionals.length ? positionals : known;
  if (!Number.isInteger(rounds) || rounds < 1) fail('--rounds takes a number from 1');
  for (const name of names) if (!known.includes(name)) fail(`I know ${known.join(', ')}, not "${name}"`);
  if (values.doc && (values.quick || names.length < known.length)) fail('--doc is for a whole run, and no quick one');
  return { ...values, rounds, names };
}

async function measureAll(report, { names, rounds, quick }) {
  await withScope(async (scope) => {
    const dir = makeDirectory(null);
    scope.after(() => fs.rmSync(dir, { recursive: true, force: true }));
    for (const name of names) {
      const { measure } = await import(here(name));
      await measure({ rounds, quick, bin, dir, report });
    }
  });
}

function write(report, machine, { out, doc, rounds }) {
  const drawn = draw(report);
  fs.mkdirSync(out, { recursive: true });
  fs.writeFileSync(path.join(out, 'results.json'), report.json(machine));
  for (const { file, svg } of drawn) fs.writeFileSync(path.join(out, file), svg);
  if (doc) writeDocument(report, machine, rounds, drawn);
  console.log(`${machineInWords(machine)}\n${report.table()}\n\nwritten to ${out}`);
}

const options = readOptions();
const report = new Report();
const machine = describeMachine();
if (machine.load_before > machine.cores / 4) report.note('the machine was busy when this began; measure again when it is not');
endOnSignals();
await measureAll(report, options);
write(report, machine, options);

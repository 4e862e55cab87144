// I put figures into doc/performance.md, between its two marks.
import fs from 'node:fs';
import path from 'node:path';
import { top } from '../lib/site.mjs';
import { machineInWords } from './machine.mjs';

const FROM = '<!-- figures: from here on written by tests/bench/run --doc -->';
const TO = '<!-- figures: end -->';
const file = path.join(top, 'doc/performance.md');
const plots = 'performance';

export function fill(text, figures) {
  const from = text.indexOf(FROM);
  const to = text.indexOf(TO);
  if (from < 0 || to < from) throw new Error(`${FROM} or ${TO} is missing`);
  return `${text.slice(0, from + FROM.length)}\n\n${figures}\n\n${text.slice(to)}`;
}

export function writeDocument(report, machine, rounds, drawn) {
  const dir = path.join(path.dirname(file), plots);
  fs.mkdirSync(dir, { recursive: true });
  for (const { file: name, svg } of drawn) fs.writeFileSync(path.join(dir, name), svg);
  const images = drawn.map(({ file: name, title }) => `![${title}](${plots}/${name})`);
  const words = `Medians of ${rounds} rounds. ${machineInWords(machine)}`;
  fs.writeFileSync(file, fill(fs.readFileSync(file, 'utf8'), [words, ...images, report.markdown()].join('\n\n')));
}

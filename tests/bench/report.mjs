// I keep what was measured, and say it: as a table, as JSON, as Markdown.
//
//   const report = new Report();
//   report.add({
//     what: 'tools/call echo, 32 clients, nginx', // a row of the table is one who
//     who: 'mcp-fcgi',                            // of one what
//     unit: 'req/s',
//     better: 'higher',                           // or 'lower'
//     values: [41000],                            // of this load
//     extra: { served: 32, errors: 0 },           // other numbers of it
//     peer: 'libfcgi floor',                      // whom the ratio is with
//     goal: ['>= 1.4 x libfcgi floor'],           // see goal.mjs; or one string
//   });
//
// A row may be added to as often as it is measured; its values are put together.
// elsewhere: a figure that was not measured here.
import { judge } from './goal.mjs';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Three digits that count, and no more than that behind the point.
export function show(value) {
  if (value === undefined) return '-';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}

const range = (row) => (row.values.length > 1 ? `${show(row.min)}–${show(row.max)}` : '');
const verdict = (met) => (met === undefined ? 'not measured' : met ? 'met' : 'not met');
const shownExtra = ['served', 'errors', 'again', 'p50_us', 'p99_us'];

const extraOf = (row, name) => (row.extra[name]?.length ? show(median(row.extra[name])) : '');

// needs: shown only where somebody has that number beside his figure
const markdownColumns = [
  { head: '', align: '---', cell: (row) => row.who },
  { head: 'median', cell: (row) => show(row.median) },
  { head: 'range', cell: range },
  { head: 'ratio', cell: (row, report) => besideInWords(row, report.ratio(row), '×') },
  { head: 'served', needs: 'served', cell: (row) => extraOf(row, 'served') },
  { head: 'errors', needs: 'errors', cell: (row) => extraOf(row, 'errors') },
  { head: 'p50, us', needs: 'p50_us', cell: (row) => extraOf(row, 'p50_us') },
  { head: 'p99, us', needs: 'p99_us', cell: (row) => extraOf(row, 'p99_us') },
  {
    head: 'goals',
    align: '---',
    cell: (row, report) => report.judged(row).map(({ text, value, met }) => `${verdict(met)}: ${text} (${show(value)})`).join('<br>'),
  },
];

function besideInWords(row, ratio, sign) {
  if (row.elsewhere) return 'from elsewhere';
  return ratio === undefined ? '' : `${ratio.toFixed(2)} ${sign} ${row.peer}`;
}

export class Report {
  rows = [];
  notes = [];

  constructor({ quiet = false } = {}) {
    this.quiet = quiet;
  }

  progress(text) {
    if (!this.quiet) process.stderr.write(`# ${text}\n`);
  }

  // What a reader of the figures must know.
  note(text) {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  add({ what, who, unit, better, values, extra = {}, peer, goal = [], elsewhere = false }) {
    if (!what || !who || !unit || !['higher', 'lower'].includes(better)) throw new Error(`"${what}", "${who}": what is it?`);
    if (!values?.length || !values.every(Number.isFinite)) throw new Error(`${what}, ${who}: ${values} are no figures`);
    const row = this.find(what, who) ?? this.#append({ what, who, unit, better, peer, elsewhere });
    row.values.push(...values);
    for (const [name, value] of Object.entries(extra)) (row.extra[name] ??= []).push(...[value].flat());
    for (const text of [goal].flat()) if (!row.goals.includes(text)) row.goals.push(text);
    row.median = median(row.values);
    row.min = Math.min(...row.values);
    row.max = Math.max(...row.values);
  }

  #append(row) {
    const whole = { ...row, values: [], extra: {}, goals: [] };
    this.rows.push(whole);
    return whole;
  }

  find(what, who) {
    return this.rows.find((row) => row.what === what && row.who === who);
  }

  get whats() {
    return [...new Set(this.rows.map((row) => row.what))];
  }

  of(what) {
    return this.rows.filter((row) => row.what === what);
  }

  // How many times its peer's; undefined for the peer itself.
  ratio(row) {
    if (!row.peer || row.peer === row.who) return undefined;
    const peer = this.find(row.what, row.peer);
    return peer?.median ? row.median / peer.median : undefined;
  }

  judged(row) {
    return row.goals.map((text) => judge(text, row, (who) => this.find(row.what, who)?.median));
  }

  get all() {
    return this.rows.flatMap((row) => this.judged(row).map((one) => ({ what: row.what, who: row.who, ...one })));
  }

  // --- as a table ---------------------------------------------------------------------

  table() {
    const lines = this.whats.flatMap((what) => ['', `${what} (${this.of(what)[0].unit})`, ...this.#tableRows(what)]);
    const goals = this.all;
    const met = goals.filter((one) => one.met).length;
    return [...lines, '', ...this.notes.map((note) => `note: ${note}`), `${met} of ${goals.length} goals met`].join('\n');
  }

  #tableRows(what) {
    return this.of(what).flatMap((row) => {
      const beside = besideInWords(row, this.ratio(row), 'x');
      const first = `  ${row.who.padEnd(30)}${show(row.median).padStart(10)}  ${range(row).padEnd(18)} ${beside.padEnd(22)}`;
      return [`${first} ${this.#extra(row)}`.trimEnd(), ...this.#tableGoals(row)];
    });
  }

  #extra(row) {
    const shown = shownExtra.filter((name) => row.extra[name]?.length);
    return shown.map((name) => `${name} ${extraOf(row, name)}`).join(', ');
  }

  #tableGoals(row) {
    return this.judged(row).map(({ text, value, met }) => `      goal ${text.padEnd(44)}${show(value).padStart(9)}  ${verdict(met)}`);
  }

  // --- as JSON ------------------------------------------------------------------------

  json(machine) {
    const rows = this.rows.map((row) => ({ ...row, ratio: this.ratio(row), goals: this.judged(row) }));
    return JSON.stringify({ machine, notes: this.notes, rows }, null, 2);
  }

  // --- as Markdown ----------------------------------------------------------------------

  markdown() {
    const tables = this.whats.map((what) => `**${what}**, ${this.of(what)[0].unit}\n\n${this.#markdownTable(what)}`);
    return [...tables, ...this.notes.map((note) => `Note: ${note}.`)].join('\n\n');
  }

  #markdownTable(what) {
    const rows = this.of(what);
    const columns = markdownColumns.filter(({ needs }) => !needs || rows.some((row) => row.extra[needs]));
    const lines = rows.map((row) => columns.map(({ cell }) => cell(row, this)));
    const all = [columns.map(({ head }) => head), columns.map(({ align = '---:' }) => align), ...lines];
    return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  }
}

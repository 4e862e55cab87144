// I know which figures are drawn, and under what name. A group is a "what" of
// the report; those that were not measured are left out.
import { plot } from './plot.mjs';

const US = 'mcp-fcgi';

const headlines = [
  {
    file: 'echo',
    title: 'tools/call of a tool in C, through nginx',
    without: ['return 200'],
    groups: { '32 clients': 'tools/call echo, 32 clients, nginx', '256 clients': 'tools/call echo, 256 clients, nginx' },
  },
  {
    file: 'get-client',
    title: 'tools/call of a query on SQLite, through nginx',
    groups: {
      '32 clients': 'tools/call get_client, 32 clients, nginx',
      '256 clients': 'tools/call get_client, 256 clients, nginx',
    },
  },
  { file: 'one-call', title: 'One call at a time, through nginx', groups: { '': 'one echo, nginx' } },
  {
    file: 'memory',
    title: 'Private memory of a worker process',
    groups: {
      'at rest': 'private memory of a worker at rest',
      'half a minute after 256 clients': 'private memory of a worker half a minute after 256 clients',
    },
  },
  { file: 'start', title: 'From start to ready', groups: { '': 'start to ready' } },
  {
    file: 'idle-stream',
    title: 'User memory of an idle stream',
    groups: { '10,000 open': 'user memory of an idle stream, 10,000 open', '19,900 open': 'user memory of an idle stream, 19,900 open' },
  },
  {
    file: 'broadcast',
    title: 'Broadcast to 10,000 streams, until the last has it',
    groups: { '': 'broadcast to 10,000, last client' },
  },
  {
    file: 'delivery',
    title: 'Events to one of 10,000 streams each, acknowledged',
    groups: { '': 'targeted delivery, acknowledged, flat out' },
  },
  {
    file: 'slow-readers',
    title: 'Memory taken when 10 of 50 clients never read',
    groups: { '': 'memory taken for 10 of 50 streams that never read' },
  },
  {
    file: 'round-trip',
    title: 'POST to answer on the stream, 32 of 1,000 active',
    groups: { '': 'POST to answer on the stream, 32 of 1,000 active, nginx' },
  },
];

function group(report, label, what, without) {
  const bars = report
    .of(what)
    .filter((row) => !without.includes(row.who))
    .map((row) => ({ ...row, label: row.elsewhere ? `${row.who} (elsewhere)` : row.who, ours: row.who.startsWith(US) }));
  return { label, bars: bars.sort((a, b) => (a.better === 'higher' ? b.median - a.median : a.median - b.median)) };
}

// -> [{ file, title, svg }]
export function draw(report, list = headlines) {
  return list.flatMap(({ file, title, groups, without = [] }) => {
    const all = Object.entries(groups).map(([label, what]) => group(report, label, what, without));
    const there = all.filter((one) => one.bars.length);
    if (!there.length) return [];
    const { unit, better } = there[0].bars[0];
    return [{ file: `${file}.svg`, title, svg: plot({ title, unit, better, groups: there }) }];
  });
}

// I draw bars: SVG that is read in light and in dark, and says its figures.
//
//   plot({ title, unit, better, groups: [{ label, bars: [{ label, median, min, max, ours }] }] })
//
// A bar is a median, its whisker the range of the rounds.
import { show } from './report.mjs';

const WIDTH = 720;
const MARGIN = 16;
const LABELS = 210; // width of the names
const FIGURES = 120; // what is left for the figure behind the longest bar
const BAR = 18;
const STEP = 26;
const TITLE = 54;
const GROUP = 30;

const STYLE = `
  .back { fill: #ffffff; } text { fill: #1f2328; font: 13px system-ui, sans-serif; }
  .title { font-size: 16px; font-weight: 600; } .group { font-weight: 600; } .unit, .figure { fill: #59636e; }
  .bar { fill: #a8b3bf; } .ours { fill: #0b7a4b; } .whisker { stroke: #1f2328; stroke-width: 1.5; fill: none; }
  .axis { stroke: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; } text { fill: #e6edf3; } .unit, .figure { fill: #9198a1; }
    .bar { fill: #57606a; } .ours { fill: #3fb27f; } .whisker { stroke: #e6edf3; } .axis { stroke: #3d444d; }
  }`;

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const round = (n) => Math.round(n * 10) / 10;

function text(x, y, words, kind = '', anchor = 'start') {
  return `<text x="${round(x)}" y="${round(y)}" class="${kind}" text-anchor="${anchor}">${escape(words)}</text>`;
}

// The line from the least to the most, with an end on each side.
function whisker(x, y, { min, max }) {
  if (min === max) return '';
  const [left, right, top, middle, end] = [x(min), x(max), y + 5, y + BAR / 2, y + BAR - 5].map(round);
  return `<path class="whisker" d="M${left} ${middle}H${right}M${left} ${top}V${end}M${right} ${top}V${end}"/>`;
}

function drawBar(x, y, bar, unit) {
  const from = x(0);
  const to = x(bar.median);
  return [
    text(from - 8, y + 13, bar.label, '', 'end'),
    `<rect class="bar${bar.ours ? ' ours' : ''}" x="${round(from)}" y="${round(y)}" width="${round(Math.max(to - from, 1))}" height="${BAR}" rx="2"/>`,
    whisker(x, y, bar),
    text(Math.max(to, x(bar.max)) + 8, y + 13, `${show(bar.median)} ${unit}`, 'figure'),
  ].join('\n');
}

function drawGroup(x, y, group, unit) {
  const lines = group.label ? [text(MARGIN, y + 18, group.label, 'group')] : [];
  let at = y + (group.label ? GROUP : 0);
  for (const bar of group.bars) {
    lines.push(drawBar(x, at, bar, unit));
    at += STEP;
  }
  return { lines, y: at + 6 };
}

export function plot({ title, unit, better, groups }) {
  const most = Math.max(...groups.flatMap((group) => group.bars.map((bar) => bar.max)));
  const room = WIDTH - LABELS - FIGURES - 2 * MARGIN;
  const x = (value) => MARGIN + LABELS + (value / most) * room;
  const lines = [];
  let y = TITLE;
  for (const group of groups) {
    const drawn = drawGroup(x, y, group, unit);
    lines.push(...drawn.lines);
    y = drawn.y;
  }
  const height = y + MARGIN / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}"/>`,
    text(MARGIN, 24, title, 'title'),
    text(MARGIN, 43, `${unit}, ${better} is better; whiskers: least and most of the rounds`, 'unit'),
    `<line class="axis" x1="${round(x(0))}" x2="${round(x(0))}" y1="${TITLE}" y2="${y}"/>`,
    ...lines,
    '</svg>\n',
  ].join('\n');
}

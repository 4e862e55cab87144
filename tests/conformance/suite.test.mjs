// I am the official conformance suite, at its word: nothing is expected to fail.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { lacks, makeDirectory, startSite } from '../lib/site.mjs';
import { config, runSuite } from './suite.mjs';

// How many scenarios of a revision count, and how many others there are: drafts,
// extensions, what came after the release. Here all must pass.
const revisions = {
  '2025-11-25': { scored: 30, others: 3 },
  '2026-07-28': { scored: 37, others: 13 },
};

// The names of the scenarios that were run, scored or not.
function readSummary(text) {
  const summary = text.split('=== SUMMARY ===')[1] ?? '';
  const ran = [...summary.matchAll(/^[✓✗] ([^:\s]+):/gm)].map((match) => match[1]);
  const others = [...summary.matchAll(/^ +[✓✗] (\S+) \(/gm)].map((match) => match[1]);
  return { others, scored: ran.filter((name) => !others.includes(name)) };
}

// -> the checks of each scenario, by its name
function readChecks(dir) {
  const found = new Map();
  for (const entry of fs.readdirSync(dir)) {
    const name = entry.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[-\dZ]+$/, '');
    found.set(name, JSON.parse(fs.readFileSync(path.join(dir, entry, 'checks.json'), 'utf8')));
  }
  return found;
}

function complaints(checks, names) {
  const all = [];
  for (const name of names) {
    assert.ok(checks.get(name)?.length > 0, `${name} checked nothing`);
    for (const { id, status, errorMessage } of checks.get(name)) {
      if (status === 'FAILURE' || status === 'WARNING') all.push(`${name}: ${id}: ${status}: ${errorMessage}`);
    }
  }
  return all;
}

for (const proxy of ['nginx', 'apache']) {
  for (const [revision, { scored, others }] of Object.entries(revisions)) {
    test(`${scored} of ${scored} at ${revision} behind ${proxy}`, { skip: lacks(proxy) }, async (t) => {
      const site = await startSite(t, { proxy, workers: 2, config: config() });
      const dir = makeDirectory(t);
      const { status, text } = await runSuite(['server', '--url', site.mcp, '--requirements', revision, '-o', dir]);
      const summary = readSummary(text);
      const checks = readChecks(dir);

      assert.equal(summary.scored.length, scored, text);
      assert.equal(summary.others.length, others, text);
      assert.deepEqual(complaints(checks, [...summary.scored, ...summary.others]), []);
      assert.equal(status, 0, text);
    });
  }
}

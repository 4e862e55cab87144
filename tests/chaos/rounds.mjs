// I say for how long: a bounded number of rounds, or as many as fit into the
// time that tests/chaos/run was given, in MCP_CHAOS_MINUTES.
export const minutes = Number(process.env.MCP_CHAOS_MINUTES ?? 0);

// What Node may take for one test.
export const timeout = minutes > 0 ? minutes * 60000 + 300000 : 120000;

// Calls one(round) for 1, 2, ..., least times at least; a part of the time is
// its own. -> how many it were
export async function forRounds(least, one, part = 0.1) {
  const end = performance.now() + part * minutes * 60000;
  let round = 0;
  while (round < least || performance.now() < end) await one(++round);
  return round;
}

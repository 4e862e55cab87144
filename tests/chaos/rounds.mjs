// I say for how long: a bounded number of rounds, or as many as fit into
// MCP_CHAOS_MINUTES (see tests/chaos/run).
export const minutes = Number(process.env.MCP_CHAOS_MINUTES ?? 0);

// What Node may take for one test.
export const timeout = minutes > 0 ? minutes * 60000 + 300000 : 120000;

// Calls one(round) for 1, 2, ..., least times at least. -> how many it were
export async function forRounds(least, one) {
  const end = performance.now() + minutes * 60000;
  let round = 0;
  while (round < least || performance.now() < end) await one(++round);
  return round;
}

// I end what a measurement started: an owner for startSite and its like, where
// no test is.
//
//   await withScope(async (scope) => {
//     const site = await startSite(scope, { proxy: 'nginx' });
//
// Who is interrupted meanwhile ends it too.
const open = new Set();

async function end(endings) {
  open.delete(endings);
  for (const ending of endings.splice(0).reverse()) await ending();
}

export async function withScope(work) {
  const endings = [];
  const scope = { passed: undefined, after: (ending) => endings.push(ending) };
  open.add(endings);
  try {
    const result = await work(scope);
    scope.passed = true;
    return result;
  } catch (error) {
    scope.passed = false;
    throw error;
  } finally {
    await end(endings);
  }
}

export function endOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, async () => {
      for (const endings of [...open]) await end(endings).catch(() => {});
      process.exit(130);
    });
  }
}

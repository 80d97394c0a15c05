/**
 * Runs the same work `count` times at once. The first failure aborts the other runs; it is thrown once all of them have
 * ended, so that nothing is left running.
 */
export async function runConcurrently(
  count: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const workSignal = AbortSignal.any([signal, failed.signal]);
  const failures: unknown[] = [];
  const runs = Array.from({ length: count }, async () => {
    try {
      await work(workSignal);
    } catch (error) {
      failures.push(error);
      failed.abort();
    }
  });
  await Promise.all(runs);
  if (failures.length > 0) throw failures[0];
}

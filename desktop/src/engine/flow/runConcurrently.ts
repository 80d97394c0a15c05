/**
 * Runs the same work `count` times side by side. The first failure aborts the others; it is thrown when all of them
 * have ended, so nothing is left running.
 */
export async function runConcurrently(
  count: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const taskSignal = AbortSignal.any([signal, failed.signal]);
  const failures: unknown[] = [];
  const lanes = Array.from({ length: count }, async () => {
    try {
      await work(taskSignal);
    } catch (error) {
      failures.push(error);
      failed.abort();
    }
  });
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
}

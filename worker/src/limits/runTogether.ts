import { mayRunAtOnce } from './memoryNeeds.ts';

/**
 * Runs jobs that together may take `memoryBytes`: at once, or one after the other where that is too much. Resolves to
 * what they return, or rejects with the first failure, when none of them is running any more.
 */
export async function runTogether<T extends readonly unknown[]>(
  memoryBytes: number,
  jobs: { readonly [K in keyof T]: () => Promise<T[K]> },
): Promise<T> {
  const results: unknown[] = [];
  if (mayRunAtOnce(memoryBytes)) {
    const running = jobs.map((job) => job());
    await Promise.allSettled(running);
    results.push(...(await Promise.all(running)));
  } else {
    for (const job of jobs) results.push(await job());
  }
  return results as unknown as T; // one result for each job, in their order
}

import { readFile } from 'node:fs/promises';

const COUNTER = /^oom_kill (\d+)$/m;

/**
 * How many programs the kernel has ended since it started because memory ran out, in every container of the machine;
 * null where it does not tell.
 */
export async function countOomKills(): Promise<number | null> {
  const text = await readFile('/proc/vmstat', 'utf8').catch(() => '');
  const [, count] = COUNTER.exec(text) ?? [];
  return count === undefined ? null : Number(count);
}

import { readFile } from 'node:fs/promises';

const WATCH_MS = 1_000;
const OOM_KILLS = /^oom_kill (\d+)$/m;
/** The main stack, and pages of libraries that the loader wrote to. */
const UNCOUNTED_BYTES = 64 * 1024 ** 2;

/**
 * Calls `onExceeded` once a process holds more memory of its own than its limit: `RLIMIT_DATA` forgets pages that were
 * made read-only. Returns what ends the watch. Where the system does not say, nothing is watched.
 */
export function watchMemory(pid: number, limitBytes: number, onExceeded: () => void): () => void {
  const watching = setInterval(async () => {
    const held = await heldBytes(pid).catch(() => 0);
    if (held > limitBytes + UNCOUNTED_BYTES) onExceeded();
  }, WATCH_MS);
  return () => clearInterval(watching);
}

async function heldBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = status.matchAll(/^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB$/gm);
  return [...kibibytes].reduce((sum, [, count]) => sum + Number(count) * 1024, 0);
}

/**
 * How many programs the kernel has ended since it started because memory ran out, in every container of the machine;
 * null where it does not say.
 */
export async function countOomKills(): Promise<number | null> {
  const text = await readFile('/proc/vmstat', 'utf8').catch(() => '');
  const [, count] = OOM_KILLS.exec(text) ?? [];
  return count === undefined ? null : Number(count);
}

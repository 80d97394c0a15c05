import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '@reelmill/shared/core/formatBytes.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';

/** More than a task makes. */
const MIN_FREE_FILES = 1_000;
const PROBE_BYTES = 4_096;
const TIME_LIMIT_MS = 5_000;

/**
 * Looks whether a task could write to the scratch folder now; cheap enough for every few seconds. Returns the reason why
 * not, the same for as long as it holds, or null.
 */
export async function findScratchFault(folder: string, minFreeBytes: number): Promise<string | null> {
  try {
    return await withTimeout(look(folder, minFreeBytes), TIME_LIMIT_MS, 'a write');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `the scratch folder cannot be written (${code})`;
  }
}

async function look(folder: string, minFreeBytes: number): Promise<string | null> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize, files, ffree } = await statfs(folder);
  if (bavail * bsize < minFreeBytes) {
    return `the scratch folder is full: less than ${formatBytes(minFreeBytes)} are free (MIN_SCRATCH_BYTES)`;
  }
  // 0: the file system has no limit of its own
  if (files > 0 && ffree < MIN_FREE_FILES) return 'the scratch folder is full: no room for more files';
  const probe = path.join(folder, 'self-test');
  try {
    await writeFile(probe, Buffer.alloc(PROBE_BYTES));
  } finally {
    await rm(probe, { force: true });
  }
  return null;
}

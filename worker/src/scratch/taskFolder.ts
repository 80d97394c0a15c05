import { lstat, mkdir, mkdtemp, opendir } from 'node:fs/promises';
import path from 'node:path';
import { setInterval as ticks } from 'node:timers/promises';
import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { tooMuchOutput } from '../limits/limitErrors.ts';
import { findDiskFault, fullFault, isShortOfRoom, withApparentOutcome } from './diskFaults.ts';
import { removeFolder } from './workerFolder.ts';

/** What may be in a task's folder at once. */
export interface FolderLimits {
  /** As the disk counts. */
  bytes: number;
  files: number;
}

const WATCH_MS = 1_000;
const BLOCK_BYTES = 512;

/**
 * Runs `work` with a fresh folder inside the context's `workDir` that is removed with everything in it, whatever
 * happens. Where more is in the folder than it may, the context's signal is aborted and `limits_exceeded` is thrown: the
 * result and errors of the work then do not count. An abort of the task itself comes first.
 *
 * A program whose writes fail may say anything of its file, or nothing. So no failure of the work, damage included, counts
 * where the disk ran out of room meanwhile, or does not work when it is found: `disk_full` or `unavailable` is thrown. A
 * result does count: what it names was verified.
 */
export async function withWorkFolder<T>(
  context: TaskContext,
  limits: FolderLimits,
  work: (folder: string, context: TaskContext) => Promise<T>,
): Promise<T> {
  await mkdir(context.workDir, { recursive: true });
  const folder = await mkdtemp(path.join(context.workDir, 'task-'));
  const full = new AbortController();
  const ended = new AbortController();
  let wasShort = false;
  void watch(folder, limits, ended.signal, {
    onFull: () => full.abort(),
    onShort: () => {
      wasShort = true;
    },
  });
  try {
    const result = await work(folder, { ...context, signal: AbortSignal.any([context.signal, full.signal]) });
    if (full.signal.aborted) throw tooMuchOutput();
    return result;
  } catch (error) {
    if (context.signal.aborted || (error instanceof FarmFault && error.code !== 'output_damaged'))
      throw error;
    const disk = wasShort ? fullFault() : await findDiskFault(context.workDir);
    if (disk !== null) throw withApparentOutcome(disk, error);
    throw full.signal.aborted ? tooMuchOutput() : error;
  } finally {
    ended.abort();
    await removeFolder(folder, context.logger);
  }
}

async function watch(
  folder: string,
  limits: FolderLimits,
  ended: AbortSignal,
  { onFull, onShort }: { onFull(): void; onShort(): void },
): Promise<void> {
  try {
    for await (const _ of ticks(WATCH_MS, undefined, { signal: ended })) {
      if (await isShortOfRoom(folder)) onShort();
      if (await isFull(folder, limits)) return onFull();
    }
  } catch {
    // the work has ended
  }
}

/** Of a run with so many segments in one folder: each once more under another name, the init, the list, the folder. */
export function maxFiles(segments: number): number {
  return 2 * segments + 16;
}

/** Counts no further than the limits. Never rejects: what goes away while it is looked at does not count. */
export async function isFull(folder: string, limits: FolderLimits): Promise<boolean> {
  let left = limits;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        const name = path.join(next, entry.name);
        if (entry.isDirectory()) folders.push(name);
        left = { bytes: left.bytes - (await sizeOnDisk(name)), files: left.files - 1 };
        if (left.bytes < 0 || left.files < 0) return true;
      }
    } catch {
      // it was removed
    }
  }
  return false;
}

async function sizeOnDisk(file: string): Promise<number> {
  return lstat(file).then(
    ({ blocks }) => blocks * BLOCK_BYTES,
    () => 0,
  );
}

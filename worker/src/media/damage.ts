import { statfs } from 'node:fs/promises';
import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from './taskContext.ts';

/** A file system with less room than this has refused writes, or is about to. */
const FULL_BYTES = 256 * 1024;
/** What a write fails with where the disk is full, a quota reached, or the disk itself broken. */
const DISK_ERRNOS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);
/** No read of a source fails with these; a muxer says so of what it writes. Titles and the like of a file are indented. */
const DISK_MESSAGES =
  /^\S.*: (?:No space left on device|Disk quota exceeded|Read-only file system)$|^\[hls @ \w+\] (?:failed to rename|Failed to open) file|^\[image2 @ \w+\]\s+Could not open file : (?:cover|storyboard)\.jpg/im;

/** `output_damaged`: a file that the worker wrote is not what its encoder made. `what` is for operators. */
export function damaged(what: string): FarmFault {
  return new FarmFault('output_damaged', 'What the worker wrote is damaged.', { diagnostics: what });
}

/** `disk_full` where a system call failed for the disk's sake; null for any other error. */
export function diskFaultOf(error: unknown): FarmFault | null {
  if (!(error instanceof Error) || !('code' in error) || !DISK_ERRNOS.has(String(error.code))) return null;
  return new FarmFault('disk_full', 'The worker cannot write to its disk.', {
    cause: error,
    diagnostics: error.message,
  });
}

/** `disk_full` where a program says that it could not write; null where it does not. */
export function diskFaultIn(stderr: string): FarmFault | null {
  if (!DISK_MESSAGES.test(stderr)) return null;
  return new FarmFault('disk_full', 'The worker has no space left.', { diagnostics: stderr });
}

/**
 * Runs work that writes into `folder` and checks what was written. What it finds damaged is counted; where the disk is
 * full, that is why, and `disk_full` is thrown instead. So it is for failed system calls.
 */
export async function withDamageCounted<T>(
  folder: string,
  context: Pick<TaskContext, 'onVerified'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = diskFaultOf(error);
    if (fault !== null) throw fault;
    if (!(error instanceof FarmFault) || error.code !== 'output_damaged') throw error;
    context.onVerified('damaged');
    if (!(await isDiskFull(folder))) throw error;
    const { diagnostics = '' } = error;
    throw new FarmFault('disk_full', 'The worker has no space left.', { cause: error, diagnostics });
  }
}

async function isDiskFull(folder: string): Promise<boolean> {
  return statfs(folder).then(
    ({ bavail, bsize, ffree, files }) => bavail * bsize < FULL_BYTES || (files > 0 && ffree === 0),
    () => false,
  );
}

import { open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { FarmFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** What a write fails with where the disk is full, a quota reached, or the disk itself broken. */
const DISK_ERRNOS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);
/** With less room than this a write of a program may have failed; programs do not always say so. */
const MIN_FREE_BYTES = 4 * 1024 * 1024;
const PROBE_BYTES = 256 * 1024;

/** `disk_full` where a system call failed for the disk's sake; null for any other error. */
export function diskFaultOf(error: unknown): FarmFault | null {
  if (!(error instanceof Error) || !('code' in error) || !DISK_ERRNOS.has(String(error.code))) return null;
  return new FarmFault('disk_full', 'The worker cannot write to its disk.', {
    cause: error,
    diagnostics: error.message,
  });
}

/** Whether the disk of a folder is as good as full. False where the disk does not say. */
export async function isShortOfRoom(folder: string): Promise<boolean> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize < MIN_FREE_BYTES,
    () => false,
  );
}

/** The fault of the disk of a folder: it has no room, or does not take what is written. Null where it works. */
export async function findDiskFault(folder: string): Promise<FarmFault | null> {
  if (await isShortOfRoom(folder)) return fullFault();
  const probe = path.join(folder, `probe-${crypto.randomUUID()}`);
  try {
    const handle = await open(probe, 'wx');
    try {
      await handle.writeFile(Buffer.alloc(PROBE_BYTES, 'x'));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return null;
  } catch (error) {
    return (
      diskFaultOf(error) ??
      new FarmFault('unavailable', "The worker's disk cannot be used.", { cause: error })
    );
  } finally {
    await rm(probe, { force: true });
  }
}

export function fullFault(): FarmFault {
  return new FarmFault('disk_full', 'The worker has no space left.');
}

/** The fault of the disk, with what was taken for the outcome for operators to read. */
export function withApparentOutcome(fault: FarmFault, error: unknown): FarmFault {
  if (!(error instanceof ReelmillError)) return fault;
  const apparent = `${error.code}: ${error.message}`;
  const diagnostics = error.diagnostics === undefined ? apparent : `${apparent}\n${error.diagnostics}`;
  return new FarmFault(fault.code, fault.message, { cause: error, diagnostics });
}

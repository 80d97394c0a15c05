import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from './taskContext.ts';

/** What a write fails with where the disk is full, a quota reached, or the disk itself broken. */
const DISK_ERRNOS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);

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

/** Runs work that checks what was written, and counts what it finds damaged. Failed system calls become `disk_full`. */
export async function withDamageCounted<T>(
  { onVerified }: Pick<TaskContext, 'onVerified'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = diskFaultOf(error);
    if (fault !== null) throw fault;
    if (error instanceof FarmFault && error.code === 'output_damaged') onVerified('damaged');
    throw error;
  }
}

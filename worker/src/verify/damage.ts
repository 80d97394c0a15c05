import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { diskFaultOf } from '../scratch/diskFaults.ts';

/** `output_damaged`: a file that the worker wrote is not what its encoder made. `what` is for operators. */
export function damaged(what: string): FarmFault {
  return new FarmFault('output_damaged', 'What the worker wrote is damaged.', { diagnostics: what });
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

import { ReelmillError } from '../../runtime/errors.ts';

/** The code of a failed system call, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether a path leads nowhere: a name is missing, or a file stands where a folder would have to be. */
export function isAbsent(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** What the port promises for a failure of the file system; errors that have a meaning already pass unchanged. */
export function toStoreError(error: unknown): ReelmillError {
  if (error instanceof ReelmillError) return error;
  const errno = errnoOf(error);
  if (errno === 'ABORT_ERR' && error instanceof Error) {
    // a transfer that was aborted for a reason of its own has it as cause
    if (error.cause instanceof ReelmillError) return error.cause;
    return new ReelmillError('aborted', 'The transfer was aborted.', { cause: error });
  }
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new ReelmillError('disk_full', "The store's disk is full.", { cause: error });
  return new ReelmillError('unavailable', 'The store could not be read or written.', { cause: error });
}

/** Runs a verb of the store so that it fails with the port's errors only. */
export async function withStoreErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error);
  }
}

import { ReelmillError } from './errors.ts';

/**
 * Returns what `promise` resolves to and throws what it rejects with. Throws `timeout` after `timeoutMs`, or the error that
 * `what` returns; the work behind the promise is not aborted.
 *
 * @param what the subject of the error's message, or a function that returns another error
 */
export async function withTimeout<T>(
  promise: Promise<T>,
  timeoutMs: number,
  what: string | (() => Error) = 'it',
): Promise<T> {
  const expired = Promise.withResolvers<never>();
  const toError = (): Error =>
    typeof what === 'string'
      ? new ReelmillError('timeout', `${what} took longer than ${timeoutMs} ms`)
      : what();
  const timer = setTimeout(() => expired.reject(toError()), timeoutMs);
  try {
    return await Promise.race([promise, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}

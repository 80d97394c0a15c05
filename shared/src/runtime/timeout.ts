import { ReelmillError } from './errors.ts';

/** Settles like `promise`, or rejects with `timeout` after `timeoutMs`; the promise itself goes on. */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what = 'it'): Promise<T> {
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => expired.reject(new ReelmillError('timeout', `${what} took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([promise, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}

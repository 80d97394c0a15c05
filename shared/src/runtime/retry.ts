import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '../core/backoff.ts';

export interface RetryOptions {
  /** Whether another attempt may succeed where attempt number `attempt` (1 is the first) failed with `error`. */
  shouldRetry: (error: unknown, attempt: number) => boolean;
  /** How long to wait before the next attempt; not at all without it. */
  backoff?: { baseMs: number; maxMs: number };
  /** Ends the waiting; an attempt that is under way is not touched. */
  signal?: AbortSignal;
}

/**
 * Returns the result of the first attempt that succeeds. Throws the error of an attempt that is not retried, and an
 * AbortError in place of waiting once `signal` is aborted; the first attempt is always made.
 */
export async function retry<T>(
  run: () => Promise<T>,
  { shouldRetry, backoff, signal }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!shouldRetry(error, attempt)) throw error;
    }
    if (backoff !== undefined) await pause(backoffMs(attempt, backoff), undefined, { signal });
  }
}

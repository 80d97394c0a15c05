import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { retry } from '@reelmill/shared/runtime/retry.ts';

const RETRY = { baseMs: 200, maxMs: 5_000 };

/**
 * Publishes an event and waits for its confirmation, through breaks of the connection. Returns false when `signal` was
 * aborted before that. Throws what no retry would help against.
 */
export async function publishReliably(
  queue: JobQueue,
  event: WorkerEvent,
  signal: AbortSignal,
): Promise<boolean> {
  const shouldRetry = (error: unknown): boolean => error instanceof ReelmillError && error.retryable;
  try {
    await retry(() => queue.publishEvent(event), { shouldRetry, backoff: RETRY, signal });
    return true;
  } catch (error) {
    if (signal.aborted && error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  }
}

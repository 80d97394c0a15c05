import { setTimeout as pause } from 'node:timers/promises';
import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

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
  for (let attempt = 1; ; attempt += 1) {
    try {
      await queue.publishEvent(event);
      return true;
    } catch (error) {
      if (!(error instanceof ReelmillError) || !error.retryable) throw error;
      if (signal.aborted) return false;
      await pause(backoffMs(attempt, RETRY), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
    }
  }
}

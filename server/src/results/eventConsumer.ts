import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import type { Disposition } from '@reelmill/shared/ports/jobQueue.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import { retry } from '@reelmill/shared/runtime/retry.ts';
import { tracing } from '@reelmill/shared/runtime/tracing.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { isTemporary } from '../db/connectionLoss.ts';
import type { OutcomeEffects } from './leasedTask.ts';
import { applyHeartbeat, applyProgress, applyStarted } from './liveness.ts';
import { applyDone, applyFailed, applyReleased } from './outcomes.ts';
import { ProgressKeeper } from './progressKeeper.ts';

const RETRY = { baseMs: 100, maxMs: 5_000 };
/** An event that fails so often for no outside reason would keep all others waiting. */
const MAX_ATTEMPTS = 3;

/**
 * Applies the reports of workers, in the order in which they were sent. While a dependency is down the event in hand waits and
 * the others behind it; one that cannot be applied for a reason of its own goes to the dead letters, and the lease of
 * its task runs out. `onComplete` is called when the last task of a video is done.
 */
export async function startEventConsumer(
  context: FarmContext,
  onComplete: () => void,
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  const progress = new ProgressKeeper(context);

  const handle = async (event: WorkerEvent): Promise<Disposition> => {
    const { signal } = stopping;
    if (signal.aborted) return 'requeue';
    const shouldRetry = (error: unknown, attempt: number): boolean => {
      const reason = reasonOf(error);
      if (attempt === 1) context.logger.warn({ reason, event: event.type }, 'event not applied yet, retried');
      return attempt < MAX_ATTEMPTS || isTemporary(error);
    };
    const apply = async (): Promise<void> => {
      const effects = await traceOutcome(event, () => applyEvent(context, progress, event));
      if (effects?.complete) onComplete();
    };
    try {
      await retry(apply, { shouldRetry, backoff: RETRY, signal });
      return 'ack';
    } catch (error) {
      if (signal.aborted && error instanceof Error && error.name === 'AbortError') return 'requeue';
      context.logger.error({ err: error, event }, 'event cannot be applied');
      return 'dead_letter';
    }
  };

  const consumer = await context.queue.consumeEvents(handle);
  return {
    stop: () => {
      stopping.abort();
      return consumer.stop();
    },
  };
}

/** Only what ends a task is worth a span: workers report every second. */
function traceOutcome<T>(event: WorkerEvent, work: () => Promise<T>): Promise<T> {
  if (event.type !== 'done' && event.type !== 'failed' && event.type !== 'released') return work();
  const attributes = { task_id: event.taskId, video_id: event.videoId, worker_id: event.workerId };
  return tracing.span(
    `apply ${event.type}`,
    { kind: 'consumer', parent: event.traceparent, attributes },
    work,
  );
}

/** Applies one event. Applying it again changes nothing more; null where nothing follows from it. */
export async function applyEvent(
  context: FarmContext,
  progress: ProgressKeeper,
  event: WorkerEvent,
): Promise<OutcomeEffects | null> {
  switch (event.type) {
    case 'heartbeat':
      await applyHeartbeat(context, event);
      return null;
    case 'started':
      await applyStarted(context, event);
      // the worker took a task out of the queue: there is room for another
      context.signals.tasksWaiting();
      return null;
    case 'progress':
      if (await applyProgress(context, event)) await progress.refresh(event.videoId);
      return null;
    case 'released':
      return applyReleased(context, event);
    case 'failed': {
      const effects = await applyFailed(context, event);
      if (effects !== null) context.metrics.outputVerified(event.verification);
      return effects;
    }
    case 'done': {
      const effects = await applyDone(context, event);
      if (effects !== null) {
        context.metrics.outputVerified(event.verification);
        await progress.refresh(event.videoId);
      }
      return effects;
    }
  }
}

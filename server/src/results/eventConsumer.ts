import { setTimeout as pause } from 'node:timers/promises';
import type { WorkerEvent } from '@reelmill/shared/contracts/tasks.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import type { Disposition } from '@reelmill/shared/ports/jobQueue.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
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
    for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
      try {
        const effects = await traceOutcome(event, () => applyEvent(context, progress, event));
        if (effects?.complete) onComplete();
        return 'ack';
      } catch (error) {
        if (attempt === 1)
          context.logger.warn(
            { reason: reasonOf(error), event: event.type },
            'event not applied yet, retried',
          );
        if (attempt >= MAX_ATTEMPTS && !isTemporary(error)) {
          context.logger.error({ err: error, event }, 'event cannot be applied');
          return 'dead_letter';
        }
        await pause(backoffMs(attempt, RETRY), undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    return 'requeue';
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

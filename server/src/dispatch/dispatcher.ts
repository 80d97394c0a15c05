import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import type { QueueDepth } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { taskLogFields } from '@reelmill/shared/runtime/logFields.ts';
import { carryTrace, tracing } from '@reelmill/shared/runtime/tracing.ts';
import { type Recurring, startRecurring } from '../background/recurring.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { applyFailed } from '../results/outcomes.ts';
import { claimTasks, unclaimTasks } from './claimTasks.ts';
import { selectFairly } from './fairSelection.ts';
import { findWaiting, isAnyWaiting, type RoundCursor } from './waitingTasks.ts';

const POLL_MS = 500;
/** Tasks that may wait in the queue for every worker; more would take the choice away from those who come later. */
const READY_PER_CONSUMER = 2;
const MIN_READY = 2;
const MAX_BATCH = 200;

/**
 * Moves pending tasks to the queue for as long as it is nearly empty. Any number of servers may do so at once. Woken
 * by notices of this process, and by the clock for what other processes did.
 */
export function startDispatcher(context: FarmContext): Recurring {
  const cursor: RoundCursor = { afterUserId: 0 };
  const recurring = startRecurring({
    name: 'dispatcher',
    intervalMs: POLL_MS,
    logger: context.logger,
    metrics: context.metrics,
    work: () => dispatchOnce(context, cursor),
  });
  const stopListening = context.signals.onTasksWaiting(() => recurring.wake());
  return {
    wake: () => recurring.wake(),
    stop: () => {
      stopListening();
      return recurring.stop();
    },
  };
}

/** How many more tasks the queue should hold now. */
export function freeSlots({ ready, consumers }: QueueDepth): number {
  return Math.max(MIN_READY, READY_PER_CONSUMER * consumers) - ready;
}

/** One round; returns whether another may find more. Throws where database or broker do not answer. */
export async function dispatchOnce(
  context: FarmContext,
  cursor: RoundCursor = { afterUserId: 0 },
): Promise<boolean> {
  const { models } = context.database;
  const now = new Date();
  // the database first: most rounds find nothing, and then the broker need not be asked
  if (!(await isAnyWaiting(models, now))) return false;
  const slots = Math.min(MAX_BATCH, freeSlots(await context.queue.depth()));
  if (slots <= 0) return false;
  const { tasks, inFlight, limitOfUser } = await findWaiting({ models, now, slots }, context.config, cursor);
  const chosen = selectFairly(tasks, inFlight, { slots, nowMs: now.getTime(), limitOfUser });
  const messages = await claimTasks(
    models,
    chosen.map(({ id }) => id),
  );
  await publishAll(context, messages);
  return messages.length > 0;
}

async function publishAll(context: FarmContext, messages: readonly TaskMessage[]): Promise<void> {
  const outcomes = await Promise.allSettled(messages.map((message) => publish(context, message)));
  const failures = outcomes.flatMap((outcome, index) => {
    const message = messages[index];
    return outcome.status === 'rejected' && message ? [{ message, reason: outcome.reason as unknown }] : [];
  });
  const unsendable = failures.filter(({ reason }) => reason instanceof ReelmillError && !reason.retryable);
  for (const { message, reason } of unsendable) await giveUp(context, message, reason);
  const unsent = failures.filter((failure) => !unsendable.includes(failure));
  if (unsent[0] === undefined) return;
  await unclaimTasks(
    context.database.models,
    unsent.map(({ message }) => message),
  );
  throw unsent[0].reason;
}

function publish({ queue, logger }: FarmContext, message: TaskMessage): Promise<void> {
  const fields = logFieldsOf(message);
  const span = { kind: 'producer', parent: message.traceparent, attributes: fields } as const;
  return tracing.span(`dispatch ${message.spec.kind}`, span, async () => {
    await queue.publishTask({ ...message, ...carryTrace() });
    logger.info(fields, 'a task is in the queue');
  });
}

function logFieldsOf(message: TaskMessage) {
  return taskLogFields({ ...message, kind: message.spec.kind });
}

/** A message that the contract does not allow would be refused for ever. */
async function giveUp(context: FarmContext, message: TaskMessage, reason: unknown): Promise<void> {
  const { taskId, videoId, leaseToken } = message;
  context.logger.error({ err: reason, ...logFieldsOf(message) }, 'a task cannot be sent');
  const text = reason instanceof Error ? reason.message : String(reason);
  await applyFailed(context, {
    v: 1,
    type: 'failed',
    workerId: 'dispatcher',
    at: new Date().toISOString(),
    taskId,
    videoId,
    leaseToken,
    error: { code: 'internal', message: text, retryable: false, diagnostics: null },
  });
}

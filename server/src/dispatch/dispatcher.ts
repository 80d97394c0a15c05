import type { TaskMessage } from '@reelmill/shared/contracts/tasks.ts';
import { chooseFairly } from '@reelmill/shared/core/fairChoice.ts';
import type { QueueDepth } from '@reelmill/shared/ports/jobQueue.ts';
import type { FarmContext } from './farmContext.ts';
import { claimTasks, countInFlight, findWaiting, unclaimTasks } from './outbox.ts';
import { type Recurring, startRecurring } from './recurring.ts';

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
  const recurring = startRecurring({
    name: 'dispatcher',
    intervalMs: POLL_MS,
    logger: context.logger,
    work: () => dispatchOnce(context),
  });
  const stopListening = context.signals.onTasksWaiting(() => recurring.poke());
  return {
    poke: () => recurring.poke(),
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

/** One round; answers whether another would find more. Throws where database or broker do not answer. */
export async function dispatchOnce(context: FarmContext): Promise<boolean> {
  const { models } = context.database;
  const now = new Date();
  // the database first: most rounds find nothing, and then the broker need not be asked
  const waiting = await findWaiting(models, now);
  if (waiting.length === 0) return false;
  const slots = Math.min(MAX_BATCH, freeSlots(await context.queue.depth()));
  if (slots <= 0) return false;
  const chosen = chooseFairly(waiting, await countInFlight(models), { slots, nowMs: now.getTime() });
  const messages = await claimTasks(
    models,
    chosen.map(({ id }) => id),
  );
  await publishAll(context, messages);
  return messages.length > 0 && waiting.length > chosen.length;
}

async function publishAll(context: FarmContext, messages: readonly TaskMessage[]): Promise<void> {
  const outcomes = await Promise.allSettled(messages.map((message) => context.queue.publishTask(message)));
  const failed = messages.filter((_, index) => outcomes[index]?.status === 'rejected');
  context.logger.debug(
    { published: messages.length - failed.length, failed: failed.length },
    'tasks dispatched',
  );
  if (failed.length === 0) return;
  await unclaimTasks(context.database.models, failed);
  const [reason] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  throw reason;
}

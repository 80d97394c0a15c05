import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { startDispatcher } from '../dispatch/dispatcher.ts';
import { requeueAll, startSweeper } from '../dispatch/sweeper.ts';
import { startFinalizer } from '../publish/finalizer.ts';
import { startEventConsumer } from '../results/eventConsumer.ts';

/** What the server does for its workers; it needs no requests to go on. */
export interface Farm {
  /** Ends everything; what is under way is finished first. A second call answers the same promise. */
  stop(): Promise<void>;
}

/**
 * Starts dispatching tasks, applying results, publishing videos and sweeping. Every server does so; what they do to the
 * same rows excludes each other in the database. Waits for nothing that may be down, except the database.
 */
export async function startFarm(context: FarmContext): Promise<Farm> {
  if (!context.queue.durable) await requeueAll(context);
  const cleanupStack = new CleanupStack();
  const finalizer = startFinalizer(context);
  cleanupStack.add('finalizer', () => finalizer.stop());
  const onComplete = (): void => finalizer.wake();
  const events = await startEventConsumer(context, onComplete).catch(async (error: unknown) => {
    await cleanupStack.release();
    throw error;
  });
  cleanupStack.add('events', () => events.stop());
  const sweeper = startSweeper(context, onComplete);
  cleanupStack.add('sweeper', () => sweeper.stop());
  const dispatcher = startDispatcher(context);
  cleanupStack.add('dispatcher', () => dispatcher.stop());
  return { stop: () => cleanupStack.release() };
}

import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { FarmContext } from '../context/farmContext.ts';
import { startDispatcher } from '../dispatch/dispatcher.ts';
import { requeueAll, startSweeper } from '../dispatch/sweeper.ts';
import { startFinalizer } from '../publish/finalizer.ts';
import { startEventConsumer } from '../results/eventConsumer.ts';

/** The services for workers, independent of requests. */
export interface Farm {
  /** Stops all services after their current work. A second call returns the same promise. */
  stop(): Promise<void>;
}

/**
 * Starts dispatcher, event consumer, finalizer and sweeper. Every server does; conditions in the database exclude
 * conflicting changes. Waits for no dependency except the database.
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

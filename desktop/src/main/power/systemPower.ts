import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { powerMonitor } from 'electron';

export interface PowerActions {
  suspend(): Promise<void>;
  wake(): void;
  /** The system ends; there are a few seconds left. */
  shutDown(): void;
}

/** Follows the sleep of the machine. Call it when the app is ready. */
export function followPower(actions: PowerActions, logger: Logger): void {
  powerMonitor.on('suspend', () => {
    logger.info('the machine goes to sleep');
    actions.suspend().catch((error: unknown) => logger.error({ err: error }, 'the uploads did not stop'));
  });
  powerMonitor.on('resume', () => {
    logger.info('the machine is awake again');
    actions.wake();
  });
  powerMonitor.on('shutdown', () => actions.shutDown());
}

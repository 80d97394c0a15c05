import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { powerMonitor } from 'electron';

export interface PowerActions {
  suspend(): Promise<void>;
  wake(): void;
  /** The system shuts down; a few seconds are left. */
  shutDown(): void;
}

/** Follows the sleep of the machine. Call it when the app is ready. */
export function followPower(actions: PowerActions, logger: Logger): void {
  powerMonitor.on('suspend', () => {
    logger.info('machine suspending');
    actions.suspend().catch((error: unknown) => logger.error({ err: error }, 'uploads not suspended'));
  });
  powerMonitor.on('resume', () => {
    logger.info('machine resumed');
    actions.wake();
  });
  powerMonitor.on('shutdown', () => actions.shutDown());
}

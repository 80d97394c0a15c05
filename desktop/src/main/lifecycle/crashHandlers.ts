import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { app } from 'electron';

/**
 * A fault that nobody caught is written down and does not end the uploads, which live in this process; their journals
 * are whole at any moment. Without a listener Electron would stop everything behind a dialog.
 */
export function installCrashHandlers(logger: Logger): void {
  process.on('uncaughtException', (error) => logger.error({ err: error }, 'a fault that nobody caught'));
  process.on('unhandledRejection', (reason) =>
    logger.error({ err: reason }, 'a failure that nobody awaited'),
  );
  app.on('child-process-gone', (_, { type, reason, exitCode }) => {
    if (reason !== 'clean-exit') logger.warn({ type, reason, exitCode }, 'a helper process ended');
  });
}

import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { app } from 'electron';

/**
 * Logs uncaught errors instead of ending this process and its uploads, whose journals are consistent at any moment.
 * Without a listener Electron would stop everything behind a dialog.
 */
export function installCrashHandlers(logger: Logger): void {
  process.on('uncaughtException', (error) => logger.error({ err: error }, 'uncaught exception'));
  process.on('unhandledRejection', (reason) => logger.error({ err: reason }, 'unhandled rejection'));
  app.on('child-process-gone', (_, { type, reason, exitCode }) => {
    if (reason !== 'clean-exit') logger.warn({ type, reason, exitCode }, 'child process ended');
  });
}

import type { Logger } from './logger.ts';

/**
 * Runs `stop` on the first SIGTERM or SIGINT and exits 0 when it has settled. A failed stop, or one that takes longer
 * than `deadlineMs`, exits 1; a second signal changes nothing.
 */
export function exitOnSignals(options: {
  logger: Logger;
  deadlineMs: number;
  stop: () => Promise<void>;
}): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    options.logger.info({ signal }, 'stopping');
    setTimeout(() => {
      options.logger.error({ deadline_ms: options.deadlineMs }, 'did not stop in time');
      process.exit(1);
    }, options.deadlineMs).unref();
    options.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        options.logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

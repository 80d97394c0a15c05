import type { Logger } from './logger.ts';
import { withTimeout } from './timeout.ts';

/**
 * Runs `stop` on the first SIGTERM or SIGINT and exits with 0 when it has resolved. Exits with 1 where it fails or takes longer
 * than `deadlineMs`. A second signal changes nothing.
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
    withTimeout(options.stop(), options.deadlineMs, 'the shutdown').then(
      () => process.exit(0),
      (error: unknown) => {
        options.logger.error({ err: error }, 'shutdown failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

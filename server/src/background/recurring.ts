import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { isTemporary } from '../db/connectionLoss.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const FAILURE_BACKOFF = { baseMs: 250, maxMs: 5_000 };

export interface RecurringOptions {
  /** Its name in logs and metrics. */
  name: string;
  intervalMs: number;
  /** Returns whether to run again at once. */
  work: (signal: AbortSignal) => Promise<boolean>;
  logger: Logger;
  metrics: Pick<Metrics, 'serviceStarted' | 'serviceRan'>;
}

/** Work that repeats until it is stopped. */
export interface Recurring {
  /** Requests a run now; after a run in progress another one follows. */
  wake(): void;
  /** Starts no further run and resolves when the run in progress has ended. */
  stop(): Promise<void>;
}

/**
 * Runs `work` at once, after every `wake` and at least every `intervalMs`, never concurrently. Retries a failed run with
 * exponential backoff; logs the first failure in a row and the recovery.
 */
export function startRecurring(options: RecurringOptions): Recurring {
  const { name, logger, metrics } = options;
  const stopping = new AbortController();
  let isWoken = false;
  let backingOff = false;
  let endWait: () => void = () => {};
  let failures = 0;
  metrics.serviceStarted(name, options.intervalMs);

  const wait = async (ms: number): Promise<void> => {
    if (stopping.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    endWait = resolve;
    await promise;
    clearTimeout(timer);
  };

  const runOnce = async (): Promise<void> => {
    isWoken = false;
    try {
      if (await options.work(stopping.signal)) isWoken = true;
      if (failures > 0) logger.info({ service: name }, 'service recovered');
      failures = 0;
      metrics.serviceRan(name, 'done');
    } catch (error) {
      if (stopping.signal.aborted) return;
      failures += 1;
      metrics.serviceRan(name, 'failed');
      // no stack for a dependency that is unavailable
      const cause = isTemporary(error) ? { reason: reasonOf(error) } : { err: error };
      if (failures === 1) logger.warn({ service: name, ...cause }, 'service failed');
      backingOff = true;
      await wait(backoffMs(failures, FAILURE_BACKOFF));
      backingOff = false;
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await runOnce();
      if (!isWoken) await wait(options.intervalMs);
    }
  };
  const ended = loop();

  return {
    wake() {
      isWoken = true;
      if (!backingOff) endWait();
    },
    stop() {
      stopping.abort();
      endWait();
      return ended;
    },
  };
}

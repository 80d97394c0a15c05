import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { isTemporary } from '../db/connectionLoss.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const AFTER_FAILURE = { baseMs: 250, maxMs: 5_000 };

export interface RecurringOptions {
  /** How it is called in logs and metrics. */
  name: string;
  intervalMs: number;
  /** Answers whether there is more to do at once. */
  work: (signal: AbortSignal) => Promise<boolean>;
  logger: Logger;
  metrics: Pick<Metrics, 'serviceStarted' | 'serviceRan'>;
}

/** Work that goes on until it is stopped. */
export interface Recurring {
  /** Asks for a run now; one that is under way is followed by another. */
  wake(): void;
  /** Begins no further run and resolves when the one under way has settled. */
  stop(): Promise<void>;
}

/**
 * Runs `work` at once, whenever it is woken and at least every `intervalMs`, never twice at the same time. A failed run
 * is repeated with growing pauses; the log has the first failure of a row and the recovery.
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
      if (failures > 0) logger.info({ service: name }, 'works again');
      failures = 0;
      metrics.serviceRan(name, 'done');
    } catch (error) {
      if (stopping.signal.aborted) return;
      failures += 1;
      metrics.serviceRan(name, 'failed');
      // of a dependency that is away there is nothing to find in the code
      const cause = isTemporary(error) ? { reason: reasonOf(error) } : { err: error };
      if (failures === 1) logger.warn({ service: name, ...cause }, 'cannot go on for now');
      backingOff = true;
      await wait(backoffMs(failures, AFTER_FAILURE));
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

import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '../core/backoff.ts';
import { ReelmillError } from './errors.ts';
import type { Logger } from './logger.ts';

const BACKOFF = { baseMs: 250, maxMs: 5_000 };

/** Logs one line when a dependency goes down, with the reason, and one when it is up again. Repetitions are not logged. */
export class DependencyLog {
  readonly #logger: Logger;
  readonly #down = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  down(dependency: string, error: unknown): void {
    if (this.#down.has(dependency)) return;
    this.#down.add(dependency);
    this.#logger.warn({ dependency, reason: reasonOf(error) }, 'dependency down');
  }

  up(dependency: string): void {
    if (this.#down.delete(dependency)) this.#logger.info({ dependency }, 'dependency up');
  }
}

/**
 * Calls `open` with backoff and jitter for as long as it throws `unavailable`, and returns what it returns. Throws any other
 * error of `open`, such as a ConfigError for a rejected password, and the reason of `signal` where that is aborted between two
 * calls.
 */
export async function waitForDependency<T>(
  dependency: string,
  open: () => Promise<T>,
  { signal, log }: { signal: AbortSignal; log?: DependencyLog },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const opened = await open();
      log?.up(dependency);
      return opened;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ReelmillError) || error.code !== 'unavailable') throw error;
      log?.down(dependency, error);
    }
    await pause(backoffMs(attempt, BACKOFF), undefined, { signal });
  }
}

/** Returns a short reason. A connection that failed at several addresses of one name has a code and no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}

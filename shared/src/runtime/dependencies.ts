import { ReelmillError } from './errors.ts';
import type { Logger } from './logger.ts';
import { retry } from './retry.ts';

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
  signal.throwIfAborted();
  const shouldRetry = (error: unknown): boolean => {
    signal.throwIfAborted();
    if (!(error instanceof ReelmillError) || error.code !== 'unavailable') return false;
    log?.down(dependency, error);
    return true;
  };
  const opened = await retry(open, { shouldRetry, backoff: BACKOFF, signal });
  log?.up(dependency);
  return opened;
}

/** Returns a short reason. A connection that failed at several addresses of one name has a code and no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}

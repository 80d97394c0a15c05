import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Clock } from '../ports/ports.ts';

export interface RetryPolicy {
  /** How often one call is made before its error is final, including the first attempt. */
  attempts: number;
  baseMs: number;
  maxMs: number;
  /** The longest Retry-After that is honoured in full. */
  maxRetryAfterMs: number;
  /** Errors that are never final, regardless of the number of attempts. */
  endless?: ReadonlySet<ErrorCode>;
  /** Overrides `attempts` for single errors. */
  attemptsOf?: Readonly<Partial<Record<ErrorCode, number>>>;
}

/** Retries for about two minutes. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 12,
  baseMs: 500,
  maxMs: 20_000,
  maxRetryAfterMs: 300_000,
};

/** For a long-running program: a network or a server that is down will be back at some time. */
export const PATIENT_RETRY: RetryPolicy = {
  ...DEFAULT_RETRY,
  maxMs: 45_000,
  endless: new Set([
    'network',
    'timeout',
    'unavailable',
    'rate_limited',
    'certificate_invalid',
    'not_a_server',
  ]),
  // half a day: the user may have to sign in to the network first, or to contact the firewall's administrator
  attemptsOf: { intercepted: 1_000 },
};

export interface RetryNotice {
  call: string;
  attempt: number;
  waitMs: number;
  error: ReelmillError;
}

export interface RetryListener {
  onRetry: (notice: RetryNotice) => void;
  /** Called when a call succeeded after retries. */
  onRecovery?: () => void;
}

/** Retries calls after transient errors, with backoff and jitter, honouring Retry-After. */
export class Retrier {
  readonly #clock: Clock;
  readonly #policy: RetryPolicy;
  readonly #listener: RetryListener;
  readonly #sleepers = new Set<AbortController>();

  constructor(clock: Clock, policy: RetryPolicy, listener: RetryListener) {
    this.#clock = clock;
    this.#policy = policy;
    this.#listener = listener;
  }

  /** Returns the result of the first attempt that succeeds. Throws the error once it is final, and `aborted`. */
  async run<T>(call: string, signal: AbortSignal, action: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await action(attempt);
        if (attempt > 1) this.#listener.onRecovery?.();
        return result;
      } catch (error) {
        await this.waitAfter(error, { call, attempt, signal });
      }
    }
  }

  /** Waits until the next attempt. Throws the error itself where it is final, and `aborted`. */
  async waitAfter(
    error: unknown,
    { call, attempt, signal }: { call: string; attempt: number; signal: AbortSignal },
  ): Promise<void> {
    if (signal.aborted) throw new ReelmillError('aborted', 'The upload was stopped.');
    if (!(error instanceof ReelmillError) || !this.#mayRetry(error, attempt)) throw error;
    const waitMs = this.#waitMs(error, attempt);
    this.#listener.onRetry({ call, attempt, waitMs, error });
    await this.#sleep(waitMs, signal);
  }

  /** Ends every wait: the next attempts are made now. */
  retryNow(): void {
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  #mayRetry({ retryable, code }: ReelmillError, attempt: number): boolean {
    const { attempts, attemptsOf, endless } = this.#policy;
    return retryable && (attempt < (attemptsOf?.[code] ?? attempts) || endless?.has(code) === true);
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const sleeper = new AbortController();
    this.#sleepers.add(sleeper);
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, sleeper.signal]));
    } catch (error) {
      if (signal.aborted || !sleeper.signal.aborted) throw error;
    } finally {
      this.#sleepers.delete(sleeper);
    }
  }

  #waitMs(error: ReelmillError, attempt: number): number {
    // a fresh signature is all that is needed; no reason to wait
    if (error.code === 'signature_invalid' && attempt === 1) return 0;
    const asked = Math.min((error.retryAfterSeconds ?? 0) * 1000, this.#policy.maxRetryAfterMs);
    return Math.max(asked, backoffMs(attempt, this.#policy));
  }
}

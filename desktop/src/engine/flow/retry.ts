import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { backoffMs } from '@reelmill/shared/core/backoff.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Clock } from '../ports/ports.ts';

export interface RetryPolicy {
  /** How often one call is made before its error is final, the first time included. */
  attempts: number;
  baseMs: number;
  maxMs: number;
  /** The longest Retry-After that is honoured in full. */
  maxRetryAfterMs: number;
  /** Errors that are never final, however often a call was made. */
  endless?: ReadonlySet<ErrorCode>;
  /** In place of `attempts`, for single errors. */
  attemptsOf?: Readonly<Partial<Record<ErrorCode, number>>>;
}

/** Goes on for about two minutes. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 12,
  baseMs: 500,
  maxMs: 20_000,
  maxRetryAfterMs: 300_000,
};

/** For a program that stays: a line that is down, or a server, comes back some time. */
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
  // half a day: somebody may have to sign in to the network first, or to talk to whoever runs the firewall
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
  /** A call went well that had to be made more than once. */
  onRecovery?: () => void;
}

/** Repeats calls that failed by chance, with backoff and jitter, honouring Retry-After. */
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

  async run<T>(call: string, signal: AbortSignal, action: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await action(attempt);
        if (attempt > 1) this.#listener.onRecovery?.();
        return answer;
      } catch (error) {
        await this.waitAfter(error, { call, attempt, signal });
      }
    }
  }

  /** Waits until the call may be made again; throws the error itself where it is final. */
  async waitAfter(
    error: unknown,
    { call, attempt, signal }: { call: string; attempt: number; signal: AbortSignal },
  ): Promise<void> {
    if (signal.aborted) throw new ReelmillError('aborted', 'The upload was stopped.');
    if (!(error instanceof ReelmillError) || !this.#mayHelp(error, attempt)) throw error;
    const waitMs = this.#waitMs(error, attempt);
    this.#listener.onRetry({ call, attempt, waitMs, error });
    await this.#sleep(waitMs, signal);
  }

  /** Whatever waits is tried again now. */
  retryNow(): void {
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  /** Whether one more try may help. */
  #mayHelp({ retryable, code }: ReelmillError, attempt: number): boolean {
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
    // a fresh signature is all that is needed; waiting would not make it fresher
    if (error.code === 'signature_invalid' && attempt === 1) return 0;
    const asked = Math.min((error.retryAfterSeconds ?? 0) * 1000, this.#policy.maxRetryAfterMs);
    return Math.max(asked, backoffMs(attempt, this.#policy));
  }
}

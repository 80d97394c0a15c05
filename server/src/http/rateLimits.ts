import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request, RequestHandler, Response } from 'express';
import { MemoryStore, rateLimit } from 'express-rate-limit';
import { networkOf } from './clientNetwork.ts';
import { requestInfo } from './requestLog.ts';

/** `api` counts every call; the others also count the expensive calls and those that could guess passwords. */
export type RateLimitName = 'api' | 'signIn' | 'registration';
export type RateLimits = Readonly<Record<RateLimitName, RequestHandler>>;

type RateConfig = Pick<
  ServerConfig,
  'API_CALLS_PER_SECOND' | 'SIGN_INS_PER_MINUTE' | 'REGISTRATIONS_PER_HOUR'
>;

/** Long enough for a burst, short enough for a short wait. */
const API_WINDOW_SECONDS = 10;
/** About 20 MB for each limit. Beyond it all counts are reset: an attacker with so many addresses is not limited anyway. */
const MAX_CALLERS = 100_000;

/**
 * Returns middleware that limits the calls of one user, or of one address without a login (for IPv6 of the /64 network).
 * Throws `rate_limited`. Each server counts in memory: the limits protect a server from overload, and shared counts would
 * cost a write for each call. Guesses of passwords are also counted in the database.
 */
export function createRateLimits(
  config: RateConfig,
  stopping: AbortSignal,
  maxCallers = MAX_CALLERS,
): RateLimits {
  const limit = (name: string, max: number, windowSeconds: number): RequestHandler => {
    if (max === 0) return (_request, _response, next) => next();
    const store = new BoundedStore(maxCallers);
    stopping.addEventListener('abort', () => store.shutdown(), { once: true });
    return rateLimit({
      windowMs: windowSeconds * 1000,
      limit: max,
      identifier: name,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      keyGenerator: callerOf,
      store,
      // its checks of these settings would print to the console
      validate: false,
      // it has set Retry-After already
      handler: (_request, _response, next) =>
        next(new ReelmillError('rate_limited', 'Too many requests. Wait before you try again.')),
    });
  };
  return {
    api: limit('api', config.API_CALLS_PER_SECOND * API_WINDOW_SECONDS, API_WINDOW_SECONDS),
    signIn: limit('sign-in', config.SIGN_INS_PER_MINUTE, 60),
    registration: limit('registration', config.REGISTRATIONS_PER_HOUR, 3_600),
  };
}

function callerOf(request: Request, response: Response): string {
  const { userId } = requestInfo(response);
  return userId === null ? networkOf(request.ip ?? 'unknown') : `user ${userId}`;
}

class BoundedStore extends MemoryStore {
  readonly #maxCallers: number;

  constructor(maxCallers: number) {
    super();
    this.#maxCallers = maxCallers;
  }

  override increment(key: string): ReturnType<MemoryStore['increment']> {
    if (this.current.size + this.previous.size >= this.#maxCallers) {
      this.current.clear();
      this.previous.clear();
    }
    return super.increment(key);
  }
}

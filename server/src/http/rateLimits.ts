import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request, RequestHandler, Response } from 'express';
import { MemoryStore, rateLimit } from 'express-rate-limit';
import { networkOf } from './clientNetwork.ts';
import { requestInfo } from './requestLog.ts';

/** `api` counts every call; the others count what is dear or guessed at besides. */
export type RateLimitName = 'api' | 'signIn' | 'registration';
export type RateLimits = Readonly<Record<RateLimitName, RequestHandler>>;

type RateConfig = Pick<
  ServerConfig,
  'API_CALLS_PER_SECOND' | 'SIGN_INS_PER_MINUTE' | 'REGISTRATIONS_PER_HOUR'
>;

/** Long enough for a burst, short enough that whoever is told to wait does not wait long. */
const API_WINDOW_SECONDS = 10;
/** About 20 MB for each limit. Beyond them all counts begin anew: whoever has so many addresses is not stopped by them. */
const MAX_CALLERS = 100_000;

/**
 * How often one caller may call: a user, or without one an address (of IPv6 the /64 that one customer has). Throws
 * `rate_limited`. Each server counts for itself in memory: the limits keep a server from being overrun, and to share
 * the counts would cost a write for each call. Guesses at passwords are counted in the database besides.
 */
export function createRateLimits(
  config: RateConfig,
  stopping: AbortSignal,
  maxCallers = MAX_CALLERS,
): RateLimits {
  const limit = (name: string, most: number, windowSeconds: number): RequestHandler => {
    if (most === 0) return (_request, _response, next) => next();
    const store = new BoundedStore(maxCallers);
    stopping.addEventListener('abort', () => store.shutdown(), { once: true });
    return rateLimit({
      windowMs: windowSeconds * 1000,
      limit: most,
      identifier: name,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      keyGenerator: callerOf,
      store,
      // its checks are of settings that are ours, and it would print them
      validate: false,
      // it has set Retry-After already
      handler: (_request, _response, next) =>
        next(new ReelmillError('rate_limited', 'Too many requests; wait a little before the next one.')),
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

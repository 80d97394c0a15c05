import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import { type Attempt, type AttemptLimit, claimAttempt, MAX_LIMITS } from './attemptLimits.ts';

/*
 * Slows down guesses at one account from many addresses, and at many accounts from one address, without locking out the
 * owner. A known device of the account has its own count, which nobody else can use up. A known network of the account may
 * try beyond the account's count; a wrong password there gets the same error as elsewhere, and so does every account that
 * does not exist or is not known there: somebody who shares a network with the owner learns nothing from it.
 */

const MINUTE_MS = 60_000;
const ACCOUNT: AttemptLimit = {
  free: 10,
  windowMs: MAX_LIMITS.windowMs,
  firstDelayMs: MINUTE_MS / 2,
  maxDelayMs: MAX_LIMITS.maxDelayMs,
};
const ADDRESS: AttemptLimit = {
  free: 100,
  windowMs: 60 * MINUTE_MS,
  firstDelayMs: MINUTE_MS / 2,
  maxDelayMs: 5 * MINUTE_MS,
};
/** For a known device, for a known network of one account, and for a user who is logged in. */
const KNOWN_SOURCE: AttemptLimit = {
  free: 10,
  windowMs: 60 * MINUTE_MS,
  firstDelayMs: MINUTE_MS / 2,
  maxDelayMs: 15 * MINUTE_MS,
};

export interface LoginClaim {
  email: string;
  /** As `networkOf` returns it. */
  network: string;
  /** Fingerprint of the device where it is known for the account. */
  device?: string | null;
  /** Whether the network is known for any account. */
  networkInUse?: boolean;
}

export interface LoginAttempt extends Attempt {
  /** Only accounts that are known on this network may log in; all others get this error, even with the right password. */
  readonly limitError: ReelmillError | null;
}

/** Claims a login attempt. Throws `rate_limited`, also for accounts that do not exist. */
export async function claimLoginAttempt(models: Models, claim: LoginClaim): Promise<LoginAttempt> {
  const { email, network, device = null, networkInUse = false } = claim;
  if (device !== null) return combine([await claimAttempt(models, `device:${device}`, KNOWN_SOURCE)]);
  const byAddress = await claimAttempt(models, `address:${network}`, ADDRESS);
  try {
    return combine([byAddress, await claimAttempt(models, `account:${email}`, ACCOUNT)]);
  } catch (limitError) {
    const mayPass = networkInUse && limitError instanceof ReelmillError && limitError.code === 'rate_limited';
    const own = mayPass ? await claimKnown(models, `known:${email} ${network}`) : null;
    if (mayPass && own !== null) return combine([byAddress, own], limitError);
    await byAddress.withdraw();
    throw limitError;
  }
}

/** Claims an attempt of a logged-in user to confirm the password; it is counted separately from logins. */
export function claimConfirmation(models: Models, userId: number): Promise<Attempt> {
  return claimAttempt(models, `user:${userId}`, KNOWN_SOURCE);
}

async function claimKnown(models: Models, subject: string): Promise<Attempt | null> {
  try {
    return await claimAttempt(models, subject, KNOWN_SOURCE);
  } catch (error) {
    if (error instanceof ReelmillError && error.code === 'rate_limited') return null;
    throw error;
  }
}

function combine(attempts: readonly Attempt[], limitError: ReelmillError | null = null): LoginAttempt {
  const all = async (work: (attempt: Attempt) => Promise<void>): Promise<void> => {
    for (const attempt of attempts) await work(attempt);
  };
  return {
    limitError,
    failed: () => all((attempt) => attempt.failed()),
    withdraw: () => all((attempt) => attempt.withdraw()),
  };
}

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import { type Attempt, type AttemptLimit, claimAttempt, LONGEST_LIMITS } from './attemptLimits.ts';

/*
 * Whoever guesses at one account from many addresses, or at many accounts from one, is slowed down; so the owner would
 * be, too. A device that the account was logged in from has a count of its own, which no one else can use up. A network
 * that it was logged in from may try beyond the account's count; there a wrong password gets the same refusal as
 * elsewhere, and so does every account that does not exist or was never logged in from there: who shares a network with
 * the owner learns nothing of it.
 */

const MINUTE_MS = 60_000;
const ACCOUNT: AttemptLimit = {
  free: 10,
  windowMs: LONGEST_LIMITS.windowMs,
  firstDelayMs: MINUTE_MS / 2,
  maxDelayMs: LONGEST_LIMITS.maxDelayMs,
};
const ADDRESS: AttemptLimit = {
  free: 100,
  windowMs: 60 * MINUTE_MS,
  firstDelayMs: MINUTE_MS / 2,
  maxDelayMs: 5 * MINUTE_MS,
};
/** A device, a network for one account, and somebody who is logged in. */
const OWN: AttemptLimit = {
  free: 10,
  windowMs: 60 * MINUTE_MS,
  firstDelayMs: MINUTE_MS / 2,
  maxDelayMs: 15 * MINUTE_MS,
};

export interface LoginClaim {
  email: string;
  /** As `networkOf` names it. */
  network: string;
  /** Fingerprint of the device, where the account was logged in from it. */
  device?: string | null;
  /** Whether any account was logged in from this network. */
  networkInUse?: boolean;
}

export interface LoginAttempt extends Attempt {
  /** Only who is known on this network may pass; whoever does not gets this, right password or not. */
  readonly refusal: ReelmillError | null;
}

/** Throws `rate_limited`, alike for accounts that exist and those that do not. */
export async function claimLoginAttempt(models: Models, claim: LoginClaim): Promise<LoginAttempt> {
  const { email, network, device = null, networkInUse = false } = claim;
  if (device !== null) return together([await claimAttempt(models, `device:${device}`, OWN)]);
  const byAddress = await claimAttempt(models, `address:${network}`, ADDRESS);
  try {
    return together([byAddress, await claimAttempt(models, `account:${email}`, ACCOUNT)]);
  } catch (refusal) {
    const mayPass = networkInUse && refusal instanceof ReelmillError && refusal.code === 'rate_limited';
    const own = mayPass ? await claimKnown(models, `known:${email} ${network}`) : null;
    if (mayPass && own !== null) return together([byAddress, own], refusal);
    await byAddress.takenBack();
    throw refusal;
  }
}

/** Somebody who is logged in says the password again; those who guess from outside do not count against that. */
export function claimConfirmation(models: Models, userId: number): Promise<Attempt> {
  return claimAttempt(models, `user:${userId}`, OWN);
}

async function claimKnown(models: Models, subject: string): Promise<Attempt | null> {
  try {
    return await claimAttempt(models, subject, OWN);
  } catch (error) {
    if (error instanceof ReelmillError && error.code === 'rate_limited') return null;
    throw error;
  }
}

function together(attempts: readonly Attempt[], refusal: ReelmillError | null = null): LoginAttempt {
  const all = async (work: (attempt: Attempt) => Promise<void>): Promise<void> => {
    for (const attempt of attempts) await work(attempt);
  };
  return {
    refusal,
    failed: () => all((attempt) => attempt.failed()),
    takenBack: () => all((attempt) => attempt.takenBack()),
  };
}

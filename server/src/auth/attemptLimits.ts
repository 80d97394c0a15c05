import { setTimeout as pause } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type InferAttributes, literal, Op, UniqueConstraintError, type WhereOptions } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { LoginAttemptRow } from '../db/rows.ts';

/*
 * Failed attempts are counted in the database, for all replicas together. An attempt is counted before the password is
 * verified, so that concurrent guesses cannot pass the limit, and withdrawn where it succeeds. So a count may include
 * attempts in progress: a request that exceeds the limit only because of those waits until they have ended.
 *
 * Beyond the free attempts one more is allowed after each delay, and the delays double. Rejected attempts are not counted:
 * they do not postpone the next one.
 */

export interface AttemptLimit {
  /** Failures before delays begin. */
  free: number;
  /** Starts with the first failure; after it the count is reset. */
  windowMs: number;
  firstDelayMs: number;
  maxDelayMs: number;
}

/** An attempt that was allowed; call one of the two when it has ended. */
export interface Attempt {
  failed(): Promise<void>;
  /** It succeeded, or the password was not verified: it is not counted. */
  withdraw(): Promise<void>;
}

/** Upper bounds of all limits. */
export const MAX_LIMITS = { windowMs: 24 * 3_600_000, maxDelayMs: 15 * 60_000 } as const;

/** Longer than a full queue of password hashes takes. */
const MAX_WAIT_MS = 60_000;
const POLL_MS = 100;

/** Claims an attempt. Throws `rate_limited` with the seconds until the next attempt of this subject. */
export async function claimAttempt(
  models: Models,
  subject: string,
  limit: AttemptLimit,
  maxWaitMs = MAX_WAIT_MS,
): Promise<Attempt> {
  const deadline = performance.now() + maxWaitMs;
  while (!(await tryClaim(models, subject, limit, performance.now() >= deadline))) {
    await pause(POLL_MS * (1 + Math.random()));
  }
  return {
    failed: () => finish(models, subject, { withdraw: false }),
    withdraw: () => finish(models, subject, { withdraw: true }),
  };
}

/** Returns false where the caller should try again shortly. `late`: attempts in progress will not end any more. */
async function tryClaim(
  models: Models,
  subject: string,
  limit: AttemptLimit,
  late: boolean,
): Promise<boolean> {
  const now = new Date();
  const active = { subject, windowEndsAt: { [Op.gt]: now } };
  if (await count(models, { ...active, failures: { [Op.lt]: limit.free } })) return true;
  const row = await models.LoginAttempt.findByPk(subject);
  if (row === null || row.windowEndsAt <= now) return startWindow(models, { subject, limit, row, now });
  if (row.failures < limit.free) return false;
  if (row.failures - row.pending < limit.free) {
    // no attempt takes so long: the process that counted them has died
    if (late) await models.LoginAttempt.update({ pending: 0 }, { where: { ...active } });
    return false;
  }
  return claimAfterDelay(models, row, limit, now);
}

/** Allows one attempt after each delay, on all replicas together. Throws `rate_limited` during the delay. */
async function claimAfterDelay(
  models: Models,
  row: LoginAttemptRow,
  limit: AttemptLimit,
  now: Date,
): Promise<boolean> {
  const { subject, failures, retryAt } = row;
  if (retryAt !== null && retryAt > now) throw tooManyAttempts(retryAt.getTime() - now.getTime());
  const delayMs = Math.min(limit.maxDelayMs, limit.firstDelayMs * 2 ** (failures - limit.free));
  const next = new Date(now.getTime() + delayMs);
  const unchanged = { subject, failures, retryAt };
  // the first rejected attempt starts the first delay
  if (retryAt !== null) return count(models, unchanged, next);
  await models.LoginAttempt.update({ retryAt: next }, { where: unchanged });
  return false;
}

async function count(
  models: Models,
  where: WhereOptions<InferAttributes<LoginAttemptRow>>,
  retryAt?: Date,
): Promise<boolean> {
  const [counted] = await models.LoginAttempt.update(
    {
      failures: literal('failures + 1'),
      pending: literal('pending + 1'),
      ...(retryAt === undefined ? {} : { retryAt }),
    },
    { where },
  );
  return counted > 0;
}

/** Returns false where another request has started it first. */
async function startWindow(
  models: Models,
  change: { subject: string; limit: AttemptLimit; row: LoginAttemptRow | null; now: Date },
): Promise<boolean> {
  const { subject, limit, row, now } = change;
  const fresh = {
    failures: 1,
    pending: 1,
    retryAt: null,
    windowEndsAt: new Date(now.getTime() + limit.windowMs),
  };
  if (row !== null) {
    const where = { subject, windowEndsAt: { [Op.lte]: now } };
    const [started] = await models.LoginAttempt.update(fresh, { where });
    return started > 0;
  }
  try {
    await models.LoginAttempt.create({ subject, ...fresh });
    return true;
  } catch (error) {
    if (error instanceof UniqueConstraintError) return false;
    throw error;
  }
}

async function finish(models: Models, subject: string, { withdraw }: { withdraw: boolean }): Promise<void> {
  await models.LoginAttempt.update(
    { pending: literal('pending - 1'), ...(withdraw ? { failures: literal('failures - 1') } : {}) },
    // a window that started since then does not include this attempt
    { where: { subject, pending: { [Op.gt]: 0 }, failures: { [Op.gt]: 0 } } },
  );
}

function tooManyAttempts(waitMs: number): ReelmillError {
  return new ReelmillError('rate_limited', 'Too many failed logins. Wait before you try again.', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}

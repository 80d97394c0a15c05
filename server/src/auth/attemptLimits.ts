import { setTimeout as pause } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type InferAttributes, literal, Op, UniqueConstraintError, type WhereOptions } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { LoginAttemptRow } from '../db/rows.ts';

/*
 * Failed attempts are counted in the database, for all replicas together. An attempt is counted before the password is
 * looked at, so that guesses sent at once do not all slip through, and taken back where it succeeds. So a count may hold
 * attempts that are under way: whoever meets the limit only because of those waits until they have ended.
 *
 * Beyond the free attempts one more is let through after each delay, and the delays double. Refusals count nothing:
 * asking again does not put off the next chance.
 */

export interface AttemptLimit {
  /** Failures before delays begin. */
  free: number;
  /** From the first failure on; then everything is forgotten. */
  windowMs: number;
  firstDelayMs: number;
  maxDelayMs: number;
}

/** An attempt that was let through; one of the two is called when it has ended. */
export interface Attempt {
  failed(): Promise<void>;
  /** It was right, or nobody looked at the password after all: it counts nothing. */
  takenBack(): Promise<void>;
}

/** What no limit exceeds. */
export const LONGEST_LIMITS = { windowMs: 24 * 3_600_000, maxDelayMs: 15 * 60_000 } as const;

/** Longer than the longest queue of password hashes. */
const MAX_WAIT_MS = 60_000;
const POLL_MS = 100;

/** Throws `rate_limited` with the seconds until the next attempt of this subject. */
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
    failed: () => finish(models, subject, false),
    takenBack: () => finish(models, subject, true),
  };
}

/** False where another try may have another outcome in a moment. `late`: those under way will not end any more. */
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
  if (row === null || row.windowEndsAt <= now) return beginWindow(models, { subject, limit, row, now });
  if (row.failures < limit.free) return false;
  if (row.failures - row.pending < limit.free) {
    // the process that counted them died, for they take no longer
    if (late) await models.LoginAttempt.update({ pending: 0 }, { where: { ...active } });
    return false;
  }
  return claimAfterDelay(models, row, limit, now);
}

/** One attempt for each delay, whichever replica is asked. Throws `rate_limited` while the delay lasts. */
async function claimAfterDelay(
  models: Models,
  row: LoginAttemptRow,
  limit: AttemptLimit,
  now: Date,
): Promise<boolean> {
  const { subject, failures, retryAt } = row;
  if (retryAt !== null && retryAt > now) throw tooMany(retryAt.getTime() - now.getTime());
  const delayMs = Math.min(limit.maxDelayMs, limit.firstDelayMs * 2 ** (failures - limit.free));
  const next = new Date(now.getTime() + delayMs);
  const unchanged = { subject, failures, retryAt };
  // the first refusal begins the first delay
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

/** False where another request began it first. */
async function beginWindow(
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
    const [began] = await models.LoginAttempt.update(fresh, { where });
    return began > 0;
  }
  try {
    await models.LoginAttempt.create({ subject, ...fresh });
    return true;
  } catch (error) {
    if (error instanceof UniqueConstraintError) return false;
    throw error;
  }
}

async function finish(models: Models, subject: string, takenBack: boolean): Promise<void> {
  await models.LoginAttempt.update(
    { pending: literal('pending - 1'), ...(takenBack ? { failures: literal('failures - 1') } : {}) },
    // a window that began since then does not hold this attempt any more
    { where: { subject, pending: { [Op.gt]: 0 }, failures: { [Op.gt]: 0 } } },
  );
}

function tooMany(waitMs: number): ReelmillError {
  return new ReelmillError('rate_limited', 'Too many failed logins; wait a little before the next try.', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}

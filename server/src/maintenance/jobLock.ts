import { randomUUID } from 'node:crypto';
import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults, NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { RetentionJobRow, RetentionSettings } from '../db/rows.ts';
import { DAY_MS, type RetentionJob, type Stop } from './job.ts';

/*
 * Of several servers one runs a job: whoever locks its row, by a conditional update. The lock of a server that dies
 * expires.
 */

export const JOB_LOCK_MS = 5 * 60_000;
const RENEW_MS = 60_000;
const RETRY_MS = 60_000;

export interface LockRequest {
  trigger: 'schedule' | 'admin';
  /** By schedule where the last run stopped; by hand from any position, which leaves the schedule as it is. */
  position: number | 'schedule';
}

/** Returns the lock; null where the job is not due, or is being run. */
export async function lockJob(
  { RetentionJob: Jobs }: Models,
  job: RetentionJob,
  request: LockRequest,
): Promise<JobLock | null> {
  const { name } = job;
  const now = new Date();
  const leaseToken = randomUUID();
  if ((await Jobs.count({ where: { name } })) === 0) {
    await Jobs.bulkCreate([{ name, nextRunAt: now }], { ignoreDuplicates: true });
  }
  const unlocked = { [Op.or]: [{ leaseExpiresAt: null }, { leaseExpiresAt: { [Op.lt]: now } }] };
  const [locked] = await Jobs.update(
    { leaseToken, leaseExpiresAt: new Date(now.getTime() + JOB_LOCK_MS) },
    { where: { name, [Op.and]: [unlocked, request.position === 'schedule' ? whereDue(job, now) : {}] } },
  );
  if (locked === 0) return null;
  const row = await Jobs.findByPk(name, { rejectOnEmpty: true });
  return new JobLock(Jobs, { job, request, row, leaseToken, lockedAt: now });
}

/** Whether the row of a job lets it run at a time. */
export function isJobDue(
  job: RetentionJob,
  { nextRunAt }: Pick<RetentionJobRow, 'nextRunAt'>,
  now: Date,
): boolean {
  return nextRunAt <= now || nextRunAt > latestRunAt(job, now);
}

function whereDue(job: RetentionJob, now: Date) {
  return { nextRunAt: { [Op.or]: [{ [Op.lte]: now }, { [Op.gt]: latestRunAt(job, now) }] } };
}

/** A time that is further off than any that is ever written comes from a clock that was wrong. */
function latestRunAt({ intervalMs }: RetentionJob, now: Date): Date {
  return new Date(now.getTime() + intervalMs + DAY_MS);
}

interface Locked {
  job: RetentionJob;
  request: LockRequest;
  /** As it was when it was locked. */
  row: RetentionJobRow;
  leaseToken: string;
  lockedAt: Date;
}

/** The right to run a job until it is finished or fails. */
export class JobLock {
  readonly #jobs: Models['RetentionJob'];
  readonly #locked: Locked;
  /** What earlier calls of the same run came to; null where this one begins it. */
  readonly #before: RetentionResult | null;
  #renewedAtMs: number;
  #removed = 0;

  constructor(jobs: Models['RetentionJob'], locked: Locked) {
    this.#jobs = jobs;
    this.#locked = locked;
    this.#before = resultBefore(locked);
    this.#renewedAtMs = locked.lockedAt.getTime();
  }

  /** As it was when it was locked. */
  get row(): RetentionJobRow {
    return this.#locked.row;
  }

  /** Items that were removed from the beginning of this run on, also before it was locked. */
  get removedBefore(): number {
    return (this.#before?.items ?? 0) + this.#removed;
  }

  /** How many items an administrator still allows. */
  allowed(now: Date): number {
    const { allowance } = this.row;
    return allowance !== null && new Date(allowance.until) > now ? allowance.items - this.#used : 0;
  }

  get #used(): number {
    return Math.min(this.#removed, this.row.allowance?.items ?? 0);
  }

  /** Counts what is being removed. */
  count(items: number): void {
    this.#removed += items;
  }

  /** Returns false where the lock was lost: then another server continues. */
  async renew(): Promise<boolean> {
    const now = Date.now();
    if (now - this.#renewedAtMs < RENEW_MS) return true;
    this.#renewedAtMs = now;
    const leaseExpiresAt = new Date(now + JOB_LOCK_MS);
    const [renewed] = await this.#jobs.update({ leaseExpiresAt }, this.#own);
    return renewed > 0;
  }

  /** Saves what came of the run, and where that was all the settings it went by; unlocks the job. */
  async finish(
    { result, nextPosition }: { result: RetentionResult; nextPosition: number | null },
    settings: RetentionSettings,
  ): Promise<void> {
    const whole = this.#before === null ? result : addRetentionResults(this.#before, result);
    const isAll = nextPosition === null;
    const { allowance } = this.row;
    const allowanceLeft =
      isAll || allowance === null ? null : { ...allowance, items: allowance.items - this.#used };
    await this.#unlock(
      { ...this.#outcome(whole, null), stop: null, allowance: allowanceLeft, ...(isAll ? { settings } : {}) },
      { position: nextPosition ?? 0, pauseMs: isAll ? pauseAfter(this.#locked.job, whole) : 0 },
    );
  }

  /** Saves why no more is removed, and where it may continue; unlocks the job. */
  async stop(stop: Stop): Promise<void> {
    // a wrong clock says nothing of what was counted before, or allowed
    await this.#unlock(stop.kind === 'clock' ? {} : { stop, allowance: null }, { pauseMs: RETRY_MS });
  }

  /** Saves the error, and what was removed before it; unlocks the job. */
  async fail(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    await this.#unlock(this.#outcome(this.#resultSoFar(), message), { pauseMs: RETRY_MS });
  }

  /** What this lock removed before it failed counts in the run, for that continues. */
  #resultSoFar(): RetentionResult | null {
    if (this.#before === null && this.#removed === 0) return null;
    const removed = { ...NOTHING_REMOVED, items: this.#removed, complete: false };
    return addRetentionResults(this.#before ?? NOTHING_REMOVED, removed);
  }

  #outcome(result: RetentionResult | null, error: string | null) {
    const { lockedAt, request } = this.#locked;
    return { startedAt: lockedAt, finishedAt: new Date(), triggerKind: request.trigger, result, error };
  }

  /** A run by hand leaves the schedule as it is. */
  async #unlock(
    columns: Parameters<Models['RetentionJob']['update']>[0],
    { pauseMs, ...next }: { position?: number; pauseMs: number },
  ): Promise<void> {
    const isScheduled = this.#locked.request.position === 'schedule';
    const schedule = isScheduled ? { ...next, nextRunAt: new Date(Date.now() + pauseMs) } : {};
    await this.#jobs.update({ ...columns, ...schedule, leaseToken: null, leaseExpiresAt: null }, this.#own);
  }

  get #own() {
    return { where: { name: this.#locked.job.name, leaseToken: this.#locked.leaseToken } };
  }
}

/** What continues where an earlier call stopped is one run for people. */
function resultBefore({ row, request }: Locked): RetentionResult | null {
  const isScheduled = request.position === 'schedule';
  const position = request.position === 'schedule' ? row.position : request.position;
  const continues = position > 0 || (isScheduled && row.error !== null);
  return continues && row.triggerKind === request.trigger ? row.result : null;
}

/** What could not be removed is retried with the next run, and no sooner than after a failed one. */
function pauseAfter({ intervalMs }: RetentionJob, { failed }: RetentionResult): number {
  return failed > 0 ? Math.max(intervalMs, RETRY_MS) : intervalMs;
}

import { randomUUID } from 'node:crypto';
import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults, NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { RetentionJobRow, RetentionSettings } from '../db/rows.ts';
import { DAY_MS, type RetentionJob, type Stop } from './job.ts';

/*
 * Of several servers one runs a job: whoever takes the lease of its row, by a conditional update. A server that dies
 * leaves a lease that runs out.
 */

export const JOB_LEASE_MS = 5 * 60_000;
const RENEW_MS = 60_000;
const RETRY_MS = 60_000;

/** What could not be removed is tried again with the next run, and no sooner than after a failed one. */
function restAfter({ restMs }: RetentionJob, { failed }: RetentionResult, isAll: boolean): number {
  if (!isAll) return 0;
  return failed > 0 ? Math.max(restMs, RETRY_MS) : restMs;
}

/** The right to run a job until it is finished or fails. */
export interface JobLease {
  /** As it was when the lease was taken. */
  readonly row: RetentionJobRow;
  /** Items that were removed from the beginning of this run on, also before the lease was taken. */
  readonly removedBefore: number;
  /** How many items an administrator still allows. */
  allowed(now: Date): number;
  /** Counts what is being removed. */
  count(items: number): void;
  /** Answers false where the lease was lost: then another server goes on. */
  renew(): Promise<boolean>;
  /** Writes down what came of it, and where that was all the settings it went by; gives the lease back. */
  finish(outcome: Outcome, settings: RetentionSettings): Promise<void>;
  /** Writes down why no more is removed, where it may go on, and gives the lease back. */
  stop(stop: Stop): Promise<void>;
  fail(error: unknown): Promise<void>;
}

interface Outcome {
  result: RetentionResult;
  nextPosition: number | null;
}

export interface Claim {
  trigger: 'schedule' | 'admin';
  /** By schedule where the last run stopped; by hand from any position, which leaves the schedule as it is. */
  position: number | 'schedule';
}

/** A time that is further off than any that is ever written comes from a clock that was wrong. */
function latestRunAt({ restMs }: RetentionJob, now: Date): Date {
  return new Date(now.getTime() + restMs + DAY_MS);
}

/** Whether the row of a job lets it run at a time. */
export function isJobDue(
  job: RetentionJob,
  { nextRunAt }: Pick<RetentionJobRow, 'nextRunAt'>,
  now: Date,
): boolean {
  return nextRunAt <= now || nextRunAt > latestRunAt(job, now);
}

/** Null where the job is not due, or is being run. */
export async function claimJob(
  { RetentionJob }: Models,
  job: RetentionJob,
  { trigger, position }: Claim,
): Promise<JobLease | null> {
  const { name } = job;
  const now = new Date();
  const token = randomUUID();
  if ((await RetentionJob.count({ where: { name } })) === 0) {
    await RetentionJob.bulkCreate([{ name, nextRunAt: now }], { ignoreDuplicates: true });
  }
  const free = { [Op.or]: [{ leaseExpiresAt: null }, { leaseExpiresAt: { [Op.lt]: now } }] };
  const late = { [Op.gt]: latestRunAt(job, now) };
  const due = position === 'schedule' ? { nextRunAt: { [Op.or]: [{ [Op.lte]: now }, late] } } : {};
  const [claimed] = await RetentionJob.update(
    { leaseToken: token, leaseExpiresAt: new Date(now.getTime() + JOB_LEASE_MS) },
    { where: { name, [Op.and]: [free, due] } },
  );
  if (claimed === 0) return null;
  const row = await RetentionJob.findByPk(name, { rejectOnEmpty: true });
  let renewedAt = now.getTime();
  const mine = { where: { name, leaseToken: token } };
  const over = { leaseToken: null, leaseExpiresAt: null, startedAt: now, triggerKind: trigger };
  const begunAt = position === 'schedule' ? row.position : position;
  // what goes on where an earlier call stopped is one run for people
  const goesOn = begunAt > 0 || (position === 'schedule' && row.error !== null);
  const before = goesOn && row.triggerKind === trigger ? row.result : null;
  let removed = 0;
  const allowedLeft = (): number => Math.max(0, (row.allowance?.items ?? 0) - removed);
  // what this lease removed before it failed counts in the run, for that goes on
  const resultSoFar = (): RetentionResult | null =>
    before === null && removed === 0
      ? null
      : addRetentionResults(before ?? NOTHING_REMOVED, {
          ...NOTHING_REMOVED,
          items: removed,
          complete: false,
        });
  return {
    row,
    get removedBefore() {
      return (before?.items ?? 0) + removed;
    },
    allowed(at) {
      return row.allowance !== null && new Date(row.allowance.until) > at ? allowedLeft() : 0;
    },
    count(items) {
      removed += items;
    },
    async renew() {
      if (Date.now() - renewedAt < RENEW_MS) return true;
      renewedAt = Date.now();
      const [renewed] = await RetentionJob.update(
        { leaseExpiresAt: new Date(renewedAt + JOB_LEASE_MS) },
        mine,
      );
      return renewed > 0;
    },
    async finish({ result, nextPosition }, settings) {
      const whole = before === null ? result : addRetentionResults(before, result);
      const isAll = nextPosition === null;
      const rules = {
        stop: null,
        allowance: isAll || row.allowance === null ? null : { ...row.allowance, items: allowedLeft() },
        ...(isAll ? { settings } : {}),
      };
      const schedule =
        position === 'schedule'
          ? {
              position: nextPosition ?? 0,
              nextRunAt: new Date(Date.now() + restAfter(job, whole, isAll)),
            }
          : {};
      await RetentionJob.update(
        { ...over, ...schedule, ...rules, finishedAt: new Date(), result: whole, error: null },
        mine,
      );
    },
    async stop(stop) {
      const schedule = position === 'schedule' ? { nextRunAt: new Date(Date.now() + RETRY_MS) } : {};
      // a wrong clock says nothing of what was counted before, or allowed
      const decided = stop.kind === 'clock' ? {} : { stop, allowance: null };
      await RetentionJob.update({ leaseToken: null, leaseExpiresAt: null, ...schedule, ...decided }, mine);
    },
    async fail(error) {
      const message = error instanceof Error ? error.message : String(error);
      const schedule = position === 'schedule' ? { nextRunAt: new Date(Date.now() + RETRY_MS) } : {};
      await RetentionJob.update(
        { ...over, ...schedule, finishedAt: new Date(), result: resultSoFar(), error: message },
        mine,
      );
    },
  };
}

import { randomUUID } from 'node:crypto';
import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults } from '@reelmill/shared/core/retentionResult.ts';
import { Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { RetentionJobRow } from '../db/rows.ts';
import type { RetentionJob } from './job.ts';

/*
 * Of several servers one runs a job: whoever takes the lease of its row, by a conditional update. A server that dies
 * leaves a lease that runs out.
 */

const LEASE_MS = 5 * 60_000;
const RENEW_MS = 60_000;
const RETRY_MS = 60_000;

/** The right to run a job until it is finished or fails. */
export interface JobLease {
  /** As it was when the lease was taken. */
  readonly row: RetentionJobRow;
  /** Answers false where the lease was lost: then another server goes on. */
  renew(): Promise<boolean>;
  /** Writes down what came of it and gives the lease back. */
  finish(outcome: { result: RetentionResult; nextPosition: number | null }): Promise<void>;
  fail(error: unknown): Promise<void>;
}

export interface Claim {
  trigger: 'schedule' | 'admin';
  /** By schedule where the last run stopped; by hand from any position, which leaves the schedule as it is. */
  position: number | 'schedule';
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
  const due = position === 'schedule' ? { nextRunAt: { [Op.lte]: now } } : {};
  const [claimed] = await RetentionJob.update(
    { leaseToken: token, leaseExpiresAt: new Date(now.getTime() + LEASE_MS) },
    { where: { name, ...free, ...due } },
  );
  if (claimed === 0) return null;
  const row = await RetentionJob.findByPk(name, { rejectOnEmpty: true });
  let renewedAt = now.getTime();
  const mine = { where: { name, leaseToken: token } };
  const over = { leaseToken: null, leaseExpiresAt: null, startedAt: now, triggerKind: trigger };
  const begunAt = position === 'schedule' ? row.position : position;
  return {
    row,
    async renew() {
      if (Date.now() - renewedAt < RENEW_MS) return true;
      renewedAt = Date.now();
      const [renewed] = await RetentionJob.update({ leaseExpiresAt: new Date(renewedAt + LEASE_MS) }, mine);
      return renewed > 0;
    },
    async finish({ result, nextPosition }) {
      // what goes on where an earlier call stopped is one run for people
      const goesOn = begunAt > 0 && row.triggerKind === trigger && row.result !== null;
      const whole = goesOn && row.result !== null ? addRetentionResults(row.result, result) : result;
      const schedule =
        position === 'schedule'
          ? {
              position: nextPosition ?? 0,
              nextRunAt: new Date(Date.now() + (nextPosition === null ? job.restMs : 0)),
            }
          : {};
      await RetentionJob.update(
        { ...over, ...schedule, finishedAt: new Date(), result: whole, error: null },
        mine,
      );
    },
    async fail(error) {
      const message = error instanceof Error ? error.message : String(error);
      const schedule = position === 'schedule' ? { nextRunAt: new Date(Date.now() + RETRY_MS) } : {};
      await RetentionJob.update(
        { ...over, ...schedule, finishedAt: new Date(), result: null, error: message },
        mine,
      );
    },
  };
}

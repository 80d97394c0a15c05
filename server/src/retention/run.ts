import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults, NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { RetentionContext, RetentionJob } from './job.ts';
import { claimJob, type JobLease } from './ledger.ts';
import { addFinding } from './result.ts';

/** Then it is the store or the database that fails, and not one object. */
const FAILURES_IN_A_ROW = 3;
/** Whoever waits for an answer gets one within about this time, and asks for the rest. */
const ANSWER_MS = 10_000;

export interface Round {
  result: RetentionResult;
  /** Null where everything was looked at. */
  nextPosition: number | null;
}

/** One page of a job that is due, unless another server runs it. Answers whether there is more to do at once. */
export async function runScheduled(
  context: RetentionContext,
  job: RetentionJob,
  signal: AbortSignal,
): Promise<boolean> {
  if (!job.isScheduled(context.config)) return false;
  // where the rows themselves say what is due, an idle server writes nothing
  if (job.restMs === 0) {
    const { findings } = await job.find(context, { position: 0, now: new Date() });
    if (findings.length === 0) return false;
  }
  const lease = await claimJob(context.database.models, job, { trigger: 'schedule', position: 'schedule' });
  if (lease === null) return false;
  const { nextPosition } = await underLease(lease, () =>
    removePage(context, job, { position: lease.row.position, lease, signal }),
  );
  return job.restMs === 0 && nextPosition !== null;
}

/** What a job would remove, from a position on; stops after a while. */
export async function dryRun(context: RetentionContext, job: RetentionJob, position: number): Promise<Round> {
  return repeat(position, async (from) => {
    const { findings, nextPosition } = await job.find(context, {
      position: from,
      now: new Date(),
      everything: true,
    });
    return { result: findings.reduce(addFinding, NOTHING_REMOVED), nextPosition };
  });
}

/** Runs a job now, from a position on; stops after a while. Throws `state_conflict` where a server is at it already. */
export async function runByHand(
  context: RetentionContext,
  job: RetentionJob,
  position: number,
  signal: AbortSignal,
): Promise<Round> {
  const lease = await claimJob(context.database.models, job, { trigger: 'admin', position });
  if (lease === null) {
    throw new ReelmillError('state_conflict', 'This job is running already; try again in a minute.');
  }
  return underLease(lease, () =>
    repeat(position, (from) => removePage(context, job, { position: from, lease, signal, everything: true })),
  );
}

async function underLease(lease: JobLease, work: () => Promise<Round>): Promise<Round> {
  try {
    const round = await work();
    await lease.finish(round);
    return round;
  } catch (error) {
    await lease.fail(error);
    throw error;
  }
}

async function repeat(position: number, page: (position: number) => Promise<Round>): Promise<Round> {
  const startedAt = Date.now();
  let round = await page(position);
  while (round.nextPosition !== null && Date.now() - startedAt < ANSWER_MS) {
    const next = await page(round.nextPosition);
    round = { result: addRetentionResults(round.result, next.result), nextPosition: next.nextPosition };
  }
  return { ...round, result: { ...round.result, complete: round.nextPosition === null } };
}

async function removePage(
  context: RetentionContext,
  job: RetentionJob,
  {
    lease,
    signal,
    ...search
  }: { position: number; lease: JobLease; signal: AbortSignal; everything?: boolean },
): Promise<Round> {
  const { findings, nextPosition } = await job.find(context, { ...search, now: new Date() });
  let result = NOTHING_REMOVED;
  let failuresInARow = 0;
  for (const finding of findings) {
    if (signal.aborted || !(await lease.renew())) {
      throw new ReelmillError('aborted', 'The run was given up half way; the next one goes on.');
    }
    try {
      await finding.remove();
      result = addFinding(result, finding);
      failuresInARow = 0;
    } catch (error) {
      failuresInARow += 1;
      result = { ...result, failed: result.failed + 1 };
      context.logger.warn({ err: error, video_id: finding.videoId, job: job.name }, 'not removed for now');
      if (failuresInARow === FAILURES_IN_A_ROW) throw error;
    }
  }
  const { items, objects, bytes, failed } = result;
  if (items > 0) context.logger.info({ job: job.name, items, objects, bytes, failed }, 'tidied up');
  return { result: { ...result, complete: nextPosition === null }, nextPosition };
}

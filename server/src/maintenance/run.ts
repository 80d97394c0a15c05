import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults, NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type ClockCheck, checkClock } from '../clock/checkClock.ts';
import { addCandidate } from './candidates.ts';
import type { Candidate, Page, RetentionContext, RetentionJob } from './job.ts';
import { isJobDue, type JobLock, lockJob } from './jobLock.ts';
import { PLAUSIBILITY } from './plausibility.ts';
import { keepLock, removeCandidates } from './removeCandidates.ts';
import { endStop, findStop, isWaiting, StoppedError, stopForClock } from './stop.ts';

/** Whoever waits for a response gets one within about this time, and asks for the rest. */
const RESPONSE_MS = 10_000;
/** So long what is left is counted where a run comes to a stop. */
const COUNT_MS = 5 * 60_000;

export interface Round {
  result: RetentionResult;
  /** Null where everything was looked at. */
  nextPosition: number | null;
}

interface Pass {
  lock: JobLock;
  signal: AbortSignal;
  /** How long the rest may be counted where it comes to a stop. */
  countMs: number;
  /** An admin asks: also what is not due by its row. */
  everything: boolean;
  /** What was found at this position a moment ago. */
  found?: Page | null;
}

/**
 * Runs one page of a job that is due, unless another server runs it or it is stopped. Returns whether there is more to
 * do at once.
 */
export async function runScheduled(
  context: RetentionContext,
  job: RetentionJob,
  signal: AbortSignal,
): Promise<boolean> {
  if (!job.isScheduled(context.config)) return false;
  const { models } = context.database;
  const row = await models.RetentionJob.findByPk(job.name);
  const due = await findDue(context, job, row);
  if (due === null) {
    // where the rows themselves say what is due, an idle server writes nothing
    if (row?.stop && job.intervalMs === 0 && (await checkClock(context)).trusted)
      await endStop(context, job, row);
    return false;
  }
  const clock = await checkClock(context);
  if (!clock.trusted) {
    await stopForClock(context, job, clock);
    return false;
  }
  if (row !== null && isWaiting(row, context.config, clock.now)) return false;
  const lock = await lockJob(models, job, { trigger: 'schedule', position: 'schedule' });
  if (lock === null) return false;
  try {
    const { position } = lock.row;
    const found = position === 0 ? due.found : null;
    const pass = { lock, signal, countMs: COUNT_MS, everything: false, found };
    const { nextPosition } = await whileLocked(context, job, lock, () =>
      removePage(context, job, position, pass),
    );
    return job.intervalMs === 0 && nextPosition !== null;
  } catch (error) {
    if (error instanceof StoppedError) return false;
    throw error;
  }
}

/** Null where nothing is due; otherwise the first page, as far as it had to be read to know that. */
async function findDue(
  context: RetentionContext,
  job: RetentionJob,
  row: JobLock['row'] | null,
): Promise<{ found: Page | null } | null> {
  const now = new Date();
  if (row !== null && !isJobDue(job, row, now)) return null;
  if (job.intervalMs > 0) return { found: null };
  const found = await job.find(context, { position: 0, now });
  return found.candidates.length > 0 ? { found } : null;
}

/** What a job would remove, from a position on; stops after a while. */
export async function dryRun(context: RetentionContext, job: RetentionJob, position: number): Promise<Round> {
  return repeat(position, RESPONSE_MS, async (from) => {
    const search = { position: from, now: new Date(), everything: true };
    const { candidates, nextPosition } = await job.find(context, search);
    return { result: candidates.reduce(addCandidate, NOTHING_REMOVED), nextPosition };
  });
}

/**
 * Runs a job now, from a position on; stops after a while. Throws `state_conflict` where a server runs it already, and
 * `retention_stopped` where it is not plausible, or the time is not.
 */
export async function runByHand(
  context: RetentionContext,
  job: RetentionJob,
  position: number,
  signal: AbortSignal,
): Promise<Round> {
  const clock = await checkClock(context);
  if (!clock.trusted) throw new StoppedError(job.name, await stopForClock(context, job, clock));
  const lock = await lockJob(context.database.models, job, { trigger: 'admin', position });
  if (lock === null) {
    throw new ReelmillError('state_conflict', 'This job is running already; try again in a minute.');
  }
  return whileLocked(context, job, lock, () =>
    repeat(position, RESPONSE_MS, (from) =>
      removePage(context, job, from, { lock, signal, countMs: RESPONSE_MS, everything: true }),
    ),
  );
}

async function whileLocked(
  context: RetentionContext,
  job: RetentionJob,
  lock: JobLock,
  work: () => Promise<Round>,
): Promise<Round> {
  try {
    const round = await work();
    await lock.finish(round, PLAUSIBILITY[job.name].settings(context.config));
    const { stop } = lock.row;
    if (stop !== null) context.logger.info({ job: job.name, kind: stop.kind }, 'retention job resumed');
    return round;
  } catch (error) {
    if (error instanceof StoppedError) await lock.stop(error.stop);
    else await lock.fail(error);
    throw error;
  }
}

/** A run that is stopped after some pages was worth them; who asks for the rest gets the reason. */
async function repeat(
  position: number,
  forMs: number,
  page: (position: number) => Promise<Round>,
): Promise<Round> {
  const startedAt = performance.now();
  let round = await page(position);
  while (round.nextPosition !== null && performance.now() - startedAt < forMs) {
    const next = await page(round.nextPosition).catch((error: unknown) => {
      if (error instanceof StoppedError) return null;
      throw error;
    });
    if (next === null) break;
    round = { result: addRetentionResults(round.result, next.result), nextPosition: next.nextPosition };
  }
  return { ...round, result: { ...round.result, complete: round.nextPosition === null } };
}

/** Throws StoppedError, and removes nothing of the page, where that is more than plausible or the time is not. */
async function removePage(
  context: RetentionContext,
  job: RetentionJob,
  position: number,
  pass: Pass,
): Promise<Round> {
  const { lock, everything } = pass;
  const now = timeOf(job, await trustedClock(context, job));
  const { candidates, nextPosition } = pass.found ?? (await job.find(context, { position, now, everything }));
  const countRest = () => countFrom(context, job, nextPosition, { ...pass, now });
  const stop = await findStop(context, job, { lock, found: countItems(candidates), now, countRest });
  if (stop !== null) {
    context.logger.error({ job: job.name, kind: stop.kind, reason: stop.reason }, 'retention job stopped');
    throw new StoppedError(job.name, stop);
  }
  const result = await removeCandidates(context, job, candidates, pass);
  const { items, objects, bytes, failed } = result;
  if (items + failed > 0)
    context.logger.info({ job: job.name, items, objects, bytes, failed }, 'retention job removed objects');
  return { result: { ...result, complete: nextPosition === null }, nextPosition };
}

/** Again before every page: a clock may jump while a job runs. */
async function trustedClock(
  context: RetentionContext,
  job: RetentionJob,
): Promise<ClockCheck & { trusted: true }> {
  const clock = await checkClock(context);
  if (!clock.trusted) throw new StoppedError(job.name, await stopForClock(context, job, clock));
  return clock;
}

function timeOf(job: RetentionJob, { now, adjustedNow }: ClockCheck & { trusted: true }): Date {
  return PLAUSIBILITY[job.name].waitsAfterOutage ? adjustedNow : now;
}

/** How many items there are from a position on, as far as that is found out in time. */
async function countFrom(
  context: RetentionContext,
  job: RetentionJob,
  position: number | null,
  { lock, signal, countMs, everything, now }: Pass & { now: Date },
): Promise<number> {
  if (position === null) return 0;
  const { result } = await repeat(position, countMs, async (from) => {
    await keepLock(lock, signal);
    const { candidates, nextPosition } = await job.find(context, { position: from, now, everything });
    return { result: { ...NOTHING_REMOVED, items: countItems(candidates) }, nextPosition };
  });
  return result.items;
}

/** Of those that would remove something. */
function countItems(candidates: readonly Candidate[]): number {
  return candidates.filter(({ key }) => key !== null).length;
}

import type { RetentionJob as JobAnswer, Retention } from '@reelmill/shared/contracts/retention.ts';
import { HEARTBEAT } from '../clock/heartbeat.ts';
import type { RetentionJobRow } from '../db/rows.ts';
import type { RetentionContext, RetentionJob } from './job.ts';
import { RETENTION_JOBS } from './jobs.ts';
import { dryRun } from './run.ts';
import { serializeStop } from './stoppedJobs.ts';

/** Each job: what it would do now, as far as that is quickly found out, and what came of its last run. */
export async function describeRetention(context: RetentionContext): Promise<Retention> {
  const rows = await context.database.models.RetentionJob.findAll();
  const byName = new Map(rows.map((row) => [row.name, row]));
  const jobs = Object.values(RETENTION_JOBS).map((job) => describeJob(context, job, byName.get(job.name)));
  const heartbeat = await context.database.models.Heartbeat.findOne(HEARTBEAT);
  return { jobs: await Promise.all(jobs), clock_doubt: heartbeat?.clockDoubt ?? null };
}

async function describeJob(
  context: RetentionContext,
  job: RetentionJob,
  row: RetentionJobRow | undefined,
): Promise<JobAnswer> {
  const scheduled = job.isScheduled(context.config);
  return {
    name: job.name,
    description: job.description,
    scheduled,
    running: (row?.leaseExpiresAt ?? new Date(0)) > new Date(),
    next_run_at: scheduled && job.restMs > 0 ? (row?.nextRunAt.toISOString() ?? null) : null,
    now: job.walksStore ? null : await preview(context, job),
    stopped: row?.stop ? serializeStop(row.stop) : null,
    allowance: row?.allowance ?? null,
    last_run: describeLastRun(row),
  };
}

/** Null where the store does not answer, as with a clock by which it takes no signatures: the rest is worth knowing then. */
async function preview(context: RetentionContext, job: RetentionJob): Promise<JobAnswer['now']> {
  try {
    return (await dryRun(context, job, 0)).result;
  } catch (error) {
    context.logger.warn({ err: error, job: job.name }, 'what is due is not known');
    return null;
  }
}

function describeLastRun(row: RetentionJobRow | undefined): JobAnswer['last_run'] {
  if (!row?.startedAt || !row.triggerKind) return null;
  return {
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    trigger: row.triggerKind,
    result: row.result,
    error: row.error,
  };
}

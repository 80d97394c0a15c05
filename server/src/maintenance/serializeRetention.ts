import type { Retention, RetentionJob as SerializedJob } from '@reelmill/shared/contracts/retention.ts';
import { HEARTBEAT } from '../clock/heartbeat.ts';
import type { RetentionJobRow } from '../db/rows.ts';
import type { RetentionContext, RetentionJob } from './job.ts';
import { RETENTION_JOBS } from './registry.ts';
import { dryRun } from './run.ts';
import { serializeStop } from './stoppedJobs.ts';

/** Each job: what it would do now, as far as that is quickly found out, and what came of its last run. */
export async function serializeRetention(context: RetentionContext): Promise<Retention> {
  const rows = await context.database.models.RetentionJob.findAll();
  const byName = new Map(rows.map((row) => [row.name, row]));
  const jobs = Object.values(RETENTION_JOBS).map((job) => serializeJob(context, job, byName.get(job.name)));
  const heartbeat = await context.database.models.Heartbeat.findOne(HEARTBEAT);
  return { jobs: await Promise.all(jobs), clock_doubt: heartbeat?.clockDoubt ?? null };
}

async function serializeJob(
  context: RetentionContext,
  job: RetentionJob,
  row: RetentionJobRow | undefined,
): Promise<SerializedJob> {
  const scheduled = job.isScheduled(context.config);
  return {
    name: job.name,
    description: job.description,
    scheduled,
    running: (row?.leaseExpiresAt ?? new Date(0)) > new Date(),
    next_run_at: scheduled && job.intervalMs > 0 ? (row?.nextRunAt.toISOString() ?? null) : null,
    now: job.listsStorage ? null : await preview(context, job),
    stopped: row?.stop ? serializeStop(row.stop) : null,
    allowance: row?.allowance ?? null,
    last_run: serializeLastRun(row),
  };
}

/** Null where the store does not respond, as with a clock by which it takes no signatures: the rest is worth knowing then. */
async function preview(context: RetentionContext, job: RetentionJob): Promise<SerializedJob['now']> {
  try {
    return (await dryRun(context, job, 0)).result;
  } catch (error) {
    context.logger.warn({ err: error, job: job.name }, 'preview of a retention job failed');
    return null;
  }
}

function serializeLastRun(row: RetentionJobRow | undefined): SerializedJob['last_run'] {
  if (!row?.startedAt || !row.triggerKind) return null;
  return {
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    trigger: row.triggerKind,
    result: row.result,
    error: row.error,
  };
}

import type { RetentionJobName } from '@reelmill/shared/contracts/retention.ts';
import { removeExpiredTokens } from '../auth/sessions.ts';
import { startRecurring } from '../background/recurring.ts';
import { checkClock, sendHeartbeat } from '../clock/checkClock.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { boundTimes } from './boundTimes.ts';
import { deletedVideos } from './deletedVideos.ts';
import type { RetentionJob } from './job.ts';
import { lateUploads } from './lateUploads.ts';
import { oldSources } from './oldSources.ts';
import { orphanedObjects } from './orphanedObjects.ts';
import { orphanedUploads } from './orphanedUploads.ts';
import { pruneWorkers } from './pruneWorkers.ts';
import { runScheduled } from './run.ts';
import { staleObjects } from './staleObjects.ts';
import { staleUploads } from './staleUploads.ts';
import { pruneWebhookLog } from './webhookLog.ts';

/** What removes things from the store: each with its rules, its plausibility, and a row with the result of its last run. */
export const RETENTION_JOBS: Readonly<Record<RetentionJobName, RetentionJob>> = {
  stale_uploads: staleUploads,
  late_uploads: lateUploads,
  deleted_videos: deletedVideos,
  old_sources: oldSources,
  leftovers: staleObjects,
  stray_uploads: orphanedUploads,
  orphans: orphanedObjects,
};

interface MaintenanceTask {
  name: string;
  intervalMs: number;
  /** Returns whether there is more to do at once. */
  work(context: ServerContext, signal: AbortSignal): Promise<boolean>;
}

/** Everything that every server does from time to time, so that nothing piles up. */
const TASKS: readonly MaintenanceTask[] = [
  {
    name: 'heartbeat',
    intervalMs: 60_000,
    async work(context) {
      await sendHeartbeat(context);
      return false;
    },
  },
  {
    name: 'times',
    // some of the columns have no index
    intervalMs: 30 * 60_000,
    async work(context) {
      await boundTimes(context);
      return false;
    },
  },
  { name: 'webhook log', intervalMs: 10 * 60_000, work: pruneWebhookLog },
  { name: 'worker list', intervalMs: 10 * 60_000, work: pruneWorkers },
  ...Object.values(RETENTION_JOBS).map((job) => ({
    name: `retention of ${job.name}`,
    intervalMs: job.pollMs,
    work: (context: ServerContext, signal: AbortSignal) => runScheduled(context, job, signal),
  })),
  {
    name: 'token sweep',
    intervalMs: 10 * 60_000,
    async work(context) {
      const clock = await checkClock(context);
      if (clock.trusted) await removeExpiredTokens(context.database.models, clock.now);
      return false;
    },
  },
];

/** Starts all of it. Every server does so; meeting each other does no harm. */
export function startMaintenance(context: ServerContext): { stop(): Promise<void> } {
  const running = TASKS.map(({ work, ...task }) =>
    startRecurring({
      ...task,
      logger: context.logger,
      metrics: context.metrics,
      work: (signal) => work(context, signal),
    }),
  );
  return {
    async stop() {
      await Promise.all(running.map((task) => task.stop()));
    },
  };
}

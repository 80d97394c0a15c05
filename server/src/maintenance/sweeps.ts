import { removeExpiredTokens } from '../auth/sessions.ts';
import { startRecurring } from '../background/recurring.ts';
import { checkClock, sendHeartbeat } from '../clock/checkClock.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { boundTimes } from './boundTimes.ts';
import { RETENTION_JOBS } from './jobs.ts';
import { runScheduled } from './run.ts';
import { pruneWebhookLog } from './webhookLog.ts';

interface Sweep {
  name: string;
  intervalMs: number;
  /** Answers whether there is more to do at once. */
  work(context: ServerContext, signal: AbortSignal): Promise<boolean>;
}

const SWEEPS: readonly Sweep[] = [
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

/** Starts what tidies up from time to time. Every server does so; meeting each other does no harm. */
export function startSweeps(context: ServerContext): { stop(): Promise<void> } {
  const running = SWEEPS.map(({ work, ...sweep }) =>
    startRecurring({
      ...sweep,
      logger: context.logger,
      metrics: context.metrics,
      work: (signal) => work(context, signal),
    }),
  );
  return {
    async stop() {
      await Promise.all(running.map((sweep) => sweep.stop()));
    },
  };
}

import { removeExpiredTokens } from '../auth/sessions.ts';
import { startRecurring } from '../dispatch/recurring.ts';
import type { ServerContext } from '../http/context.ts';
import { sweepUploads } from '../upload/giveUp.ts';
import { purgeVideos } from '../videos/purge.ts';
import { pruneWebhookLog } from '../webhooks/pruneLog.ts';

interface Sweep {
  name: string;
  intervalMs: number;
  /** Answers whether there is more to do at once. */
  work(context: ServerContext): Promise<boolean>;
}

const SWEEPS: readonly Sweep[] = [
  { name: 'upload sweep', intervalMs: 30_000, work: sweepUploads },
  { name: 'video purge', intervalMs: 5_000, work: purgeVideos },
  { name: 'webhook log', intervalMs: 10 * 60_000, work: pruneWebhookLog },
  {
    name: 'token sweep',
    intervalMs: 10 * 60_000,
    async work({ database }) {
      await removeExpiredTokens(database.models, new Date());
      return false;
    },
  },
];

/** Starts what tidies up from time to time. Every server does so; meeting each other does no harm. */
export function startSweeps(context: ServerContext): { stop(): Promise<void> } {
  const running = SWEEPS.map(({ work, ...sweep }) =>
    startRecurring({ ...sweep, logger: context.logger, metrics: context.metrics, work: () => work(context) }),
  );
  return {
    async stop() {
      await Promise.all(running.map((sweep) => sweep.stop()));
    },
  };
}

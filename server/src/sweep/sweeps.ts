import { removeExpiredTokens } from '../auth/sessions.ts';
import { type Recurring, startRecurring } from '../dispatch/recurring.ts';
import type { ServerContext } from '../http/context.ts';

const TOKEN_SWEEP_MS = 10 * 60_000;

/** The jobs that tidy up from time to time. Every server runs them; meeting each other does no harm. */
export function startSweeps(context: ServerContext): { stop(): Promise<void> } {
  const { logger, database } = context;
  const sweeps: Recurring[] = [
    startRecurring({
      name: 'token sweep',
      intervalMs: TOKEN_SWEEP_MS,
      logger,
      work: async () => {
        await removeExpiredTokens(database.models, new Date());
        return false;
      },
    }),
  ];
  return {
    async stop() {
      await Promise.all(sweeps.map((sweep) => sweep.stop()));
    },
  };
}

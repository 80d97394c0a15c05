import { Op } from 'sequelize';
import { type ClockContext, checkClock } from '../clock/checkClock.ts';
import { WORKER_RETENTION_MS } from '../workers/liveWorkers.ts';

/** Removes workers that have been silent for a day. Removes nothing while the clock is not trusted. */
export async function pruneWorkers(context: ClockContext): Promise<boolean> {
  const clock = await checkClock(context);
  if (!clock.trusted) return false;
  const silentSince = new Date(clock.now.getTime() - WORKER_RETENTION_MS);
  await context.database.models.Worker.destroy({ where: { lastSeenAt: { [Op.lt]: silentSince } } });
  return false;
}

import { videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { Op } from 'sequelize';
import type { FarmContext } from '../dispatch/farmContext.ts';
import { type Recurring, startRecurring } from '../dispatch/recurring.ts';
import { removeUpToVersion } from './leftovers.ts';

const INTERVAL_MS = 30_000;
/** Workers that were told to stop have stopped by then. */
const SETTLED_MS = 60_000;

/**
 * Removes the segments of videos that failed or were canceled. Such a video keeps its plan until that is done: the plan
 * is what says that there may be something to remove.
 */
export function startLeftoverSweep(context: FarmContext): Recurring {
  return startRecurring({
    name: 'leftover sweep',
    intervalMs: INTERVAL_MS,
    logger: context.logger,
    metrics: context.metrics,
    work: async (signal) => {
      await sweepLeftovers(context, new Date(Date.now() - SETTLED_MS), signal);
      return false;
    },
  });
}

/** Sweeps every video that ended before `endedBefore`. Throws where database or store do not answer. */
export async function sweepLeftovers(
  context: FarmContext,
  endedBefore: Date,
  signal: AbortSignal,
): Promise<void> {
  const { Video } = context.database.models;
  const ended = { status: ['failed' as const, 'canceled' as const], plan: { [Op.not]: null } };
  const videos = await Video.findAll({
    attributes: ['id', 'objectFolder', 'planVersion'],
    where: { ...ended, updatedAt: { [Op.lt]: endedBefore } },
    limit: 100,
  });
  for (const video of videos) {
    const { id, planVersion } = video;
    if (signal.aborted) return;
    const removed = await removeUpToVersion(context.store, videoFolder(video), planVersion);
    // not a change that anybody should see
    await Video.update({ plan: null }, { where: { ...ended, id, planVersion }, silent: true });
    if (removed > 0) context.logger.info({ video_id: id, objects: removed }, 'leftovers of a video removed');
  }
}

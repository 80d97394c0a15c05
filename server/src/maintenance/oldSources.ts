import { Op, type WhereOptions } from 'sequelize';
import { EARLIEST_CLOCK } from '../clock/clockDoubt.ts';
import type { VideoRow } from '../db/rows.ts';
import { cleanUpSoon } from '../transcode/cleanUp.ts';
import {
  type Candidate,
  DAY_MS,
  HOUR_MS,
  nextPositionAfter,
  type RetentionContext,
  type RetentionJob,
} from './job.ts';

const PAGE = 100;

/**
 * Sources of videos that have been online for `RETAIN_SOURCES_DAYS`. The row says first that the source is gone: from
 * then on nothing begins that would need it. What a crash leaves of it is a stale object.
 */
export const oldSources: RetentionJob = {
  name: 'old_sources',
  description: 'remove the sources of videos that have been online for RETAIN_SOURCES_DAYS',
  pollMs: 60_000,
  intervalMs: HOUR_MS,
  listsStorage: false,
  isScheduled: (config) => config.RETAIN_SOURCES_DAYS !== undefined,

  async find(context, { position, now }) {
    const days = context.config.RETAIN_SOURCES_DAYS;
    if (days === undefined) return { candidates: [], nextPosition: null };
    const videos = await context.database.models.Video.findAll({
      attributes: ['id', 'sourceKey', 'sizeBytes', 'onlineAt'],
      where: { [Op.and]: [{ id: { [Op.gt]: position } }, whereSourceIsOld(days, now)] },
      order: [['id', 'ASC']],
      limit: PAGE,
    });
    const candidates = videos.map(
      ({ id, sourceKey, sizeBytes, onlineAt }): Candidate => ({
        videoId: id,
        key: sourceKey,
        objects: 1,
        sizeBytes: Number(sizeBytes ?? 0),
        since: onlineAt ?? now,
        reason: `online for more than ${days} days`,
        remove: () => removeSource(context, id, sourceKey),
      }),
    );
    return { candidates, nextPosition: nextPositionAfter(videos, PAGE) };
  },
};

/** Videos whose source has been kept for long enough. One that went online by a clock that was never set is not among them. */
export function whereSourceIsOld(days: number, now: Date): WhereOptions<VideoRow> {
  return {
    status: 'online',
    sourceRemovedAt: null,
    deletedAt: null,
    onlineAt: { [Op.between]: [EARLIEST_CLOCK, new Date(now.getTime() - days * DAY_MS)] },
  };
}

async function removeSource(
  { database, store }: RetentionContext,
  id: number,
  sourceKey: string,
): Promise<void> {
  const { Video } = database.models;
  const [marked] = await Video.update(
    { sourceRemovedAt: new Date(), ...cleanUpSoon() },
    { where: { id, status: 'online', sourceRemovedAt: null, deletedAt: null }, silent: true },
  );
  if (marked === 0) return;
  try {
    await store.remove([sourceKey]);
  } catch (error) {
    await Video.update({ sourceRemovedAt: null }, { where: { id }, silent: true });
    throw error;
  }
}

import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { Op, type WhereOptions } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import { findOrFail } from './candidates.ts';
import {
  type Candidate,
  DAY_MS,
  nextPositionAfter,
  type RetentionContext,
  type RetentionJob,
} from './job.ts';
import { type DeletedVideo, PURGE_COLUMNS, purgeVideo } from './purgeVideo.ts';

const PAGE = 20;

/** Objects of deleted videos: at once, as long as something may come, and with the row; see `purgeVideo`. */
export const deletedVideos: RetentionJob = {
  name: 'deleted_videos',
  description: 'remove the objects of deleted videos, and then their rows',
  pollMs: 5_000,
  intervalMs: 0,
  listsStorage: false,
  isScheduled: () => true,

  async find(context, { position, now }) {
    const videos = await context.database.models.Video.findAll({
      where: { [Op.and]: [{ id: { [Op.gt]: position } }, wherePurgeIsDue(now)] },
      attributes: [...PURGE_COLUMNS],
      order: [['id', 'ASC']],
      limit: PAGE,
    });
    const candidates: Candidate[] = [];
    for (const video of videos) {
      candidates.push(await findOrFail(context, video.id, () => toCandidate(context, video, now)));
    }
    return { candidates, nextPosition: nextPositionAfter(videos, PAGE) };
  },
};

/** Nothing is put off for a day: a time beyond that was written by a clock that was wrong. */
export function wherePurgeIsDue(now: Date): WhereOptions<VideoRow> {
  const never = new Date(now.getTime() + DAY_MS);
  return { purgeAfter: { [Op.or]: [{ [Op.lte]: now }, { [Op.gt]: never }] } };
}

async function toCandidate(context: RetentionContext, video: DeletedVideo, now: Date): Promise<Candidate> {
  const sizes: number[] = [];
  const folder = videoFolder(video);
  for (const prefix of [objectKeys.rawPrefix(folder), objectKeys.processedPrefix(folder)]) {
    for await (const { sizeBytes } of context.store.list(prefix)) sizes.push(sizeBytes);
  }
  return {
    videoId: video.id,
    key: video.sourceKey,
    objects: sizes.length,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    since: video.deletedAt ?? now,
    reason: 'deleted',
    remove: () => purgeVideo(context, video),
  };
}

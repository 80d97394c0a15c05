import type { VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import { type Attributes, col, fn, Op, type Order } from 'sequelize';
import { contains } from '../db/contains.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow, VideoSourceRow } from '../db/rows.ts';
import { WITH_OWNER, WITHOUT_PLAN_AND_DIAGNOSTICS } from './access.ts';
import type { EncodeProgress } from './eta.ts';

export interface VideoPage {
  limit: number;
  offset: number;
  status?: VideoStatus | undefined;
  /** Part of the title or the file name, case-insensitive. */
  search?: string | undefined;
  sort: 'newest' | 'oldest' | 'title';
  /** Only these, separated by commas. */
  ids?: string | undefined;
}

// the id orders equal values, so that no video appears on two pages
const ORDERS: Record<VideoPage['sort'], Order> = {
  newest: [
    ['createdAt', 'DESC'],
    ['id', 'DESC'],
  ],
  oldest: [
    ['createdAt', 'ASC'],
    ['id', 'ASC'],
  ],
  title: [
    [fn('lower', col('title')), 'ASC'],
    ['id', 'ASC'],
  ],
};

/** Returns one page of the videos of a user, or of all users (null), and the total count. */
export async function listVideos(
  models: Models,
  userId: number | null,
  page: VideoPage,
): Promise<{ rows: VideoRow[]; count: number }> {
  const conditions = [
    { deletedAt: null },
    ...(userId === null ? [] : [{ userId }]),
    ...(page.status === undefined ? [] : [{ status: page.status }]),
    ...(page.ids === undefined ? [] : [{ id: page.ids.split(',').map(Number) }]),
    ...(page.search
      ? [{ [Op.or]: [contains('title', page.search), contains('file_name', page.search)] }]
      : []),
  ];
  return models.Video.findAndCountAll({
    where: { [Op.and]: conditions },
    attributes: WITHOUT_PLAN_AND_DIAGNOSTICS,
    order: ORDERS[page.sort],
    limit: page.limit,
    offset: page.offset,
  });
}

/** Returns these videos by their ids, with the state of their owners, without missing ones. */
export async function findVideos(models: Models, ids: readonly number[]): Promise<Map<number, VideoRow>> {
  const where = { id: [...ids], deletedAt: null };
  const rows = await models.Video.findAll({
    where,
    attributes: WITHOUT_PLAN_AND_DIAGNOSTICS,
    include: WITH_OWNER,
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Returns the renditions of each video, largest first, as plain objects: a poll reads several of each video. */
export async function findSources(
  models: Models,
  videoIds: readonly number[],
): Promise<Map<number, Attributes<VideoSourceRow>[]>> {
  const rows: Attributes<VideoSourceRow>[] = await models.VideoSource.findAll({
    raw: true,
    where: { videoId: [...videoIds] },
    order: [
      ['height', 'DESC'],
      ['width', 'DESC'],
    ],
  });
  return Map.groupBy(rows, (row) => row.videoId);
}

/** Returns the progress of the encode tasks of each video's current plan. */
export async function findEncodeProgress(
  models: Models,
  videos: readonly Pick<VideoRow, 'id' | 'planVersion'>[],
): Promise<Map<number, EncodeProgress>> {
  const rows = await models.Task.findAll({
    where: { kind: 'encode', [Op.or]: videos.map(({ id, planVersion }) => ({ videoId: id, planVersion })) },
    attributes: [
      'videoId',
      [fn('sum', col('units_done')), 'unitsDone'],
      [fn('sum', col('units_total')), 'unitsTotal'],
      [fn('min', col('started_at')), 'startedAt'],
    ],
    group: ['video_id'],
  });
  return new Map(
    rows.map((row) => {
      // SQLite returns an aggregate of dates as text, MySQL a sum as text
      const firstStartedAt = row.startedAt === null ? null : new Date(row.startedAt).getTime();
      const progress = {
        unitsDone: Number(row.unitsDone),
        unitsTotal: Number(row.unitsTotal),
        firstStartedAt,
      };
      return [row.videoId, progress];
    }),
  );
}

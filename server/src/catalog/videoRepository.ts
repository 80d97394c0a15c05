import type { VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import { type Attributes, col, fn, Op, type Order } from 'sequelize';
import { contains } from '../db/contains.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow, VideoSourceRow } from '../db/rows.ts';
import { WITH_OWNER, WITHOUT_LARGE_COLUMNS } from './access.ts';
import type { EncodeProgress } from './eta.ts';

export interface VideoPage {
  limit: number;
  offset: number;
  status?: VideoStatus | undefined;
  /** Part of the title or the file name, in any case. */
  search?: string | undefined;
  sort: 'newest' | 'oldest' | 'title';
  /** Only these, separated by commas. */
  ids?: string | undefined;
}

// the id settles what is equal, so that no video appears on two pages
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

/** One page of a user's videos, or of everybody's (null), and how many there are in all. */
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
    attributes: WITHOUT_LARGE_COLUMNS,
    order: ORDERS[page.sort],
    limit: page.limit,
    offset: page.offset,
  });
}

/** Those of these videos that are there, by their ids, with the state of their owners. */
export async function findVideos(models: Models, ids: readonly number[]): Promise<Map<number, VideoRow>> {
  const where = { id: [...ids], deletedAt: null };
  const rows = await models.Video.findAll({ where, attributes: WITHOUT_LARGE_COLUMNS, include: WITH_OWNER });
  return new Map(rows.map((row) => [row.id, row]));
}

/** The renditions of each video, largest first. Only their facts: there are several for each video that is polled. */
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

/** How far the encode tasks of each video's current plan are. */
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
      // SQLite answers an aggregate of dates as text, MySQL a sum as text
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

import { Op } from 'sequelize';
import { WITHOUT_LARGE_COLUMNS } from '../catalog/access.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';

const MAX_RETURNED = 5;

/**
 * One's own videos that came of the very same file, the newest first. One that failed counts only while its source is
 * there: it can be transcoded again without another upload.
 */
export async function findDuplicates(
  { database, store }: Pick<ServerContext, 'database' | 'store'>,
  userId: number,
  file: { fingerprint: string; sizeBytes: number },
): Promise<VideoRow[]> {
  const videos = await findVideosOfFile(database.models, userId, file);
  const found = [];
  for (const video of videos) {
    const counts = video.status !== 'failed' || (await store.stat(video.sourceKey)) !== null;
    if (counts) found.push(video);
    if (found.length === MAX_RETURNED) break;
  }
  return found;
}

/** More than are answered, as some may not count. */
async function findVideosOfFile(
  models: Models,
  userId: number,
  file: { fingerprint: string; sizeBytes: number },
): Promise<VideoRow[]> {
  return models.Video.findAll({
    where: {
      userId,
      ...file,
      deletedAt: null,
      status: ['transcoding', 'online', 'failed'],
      transcodeStartedAt: { [Op.not]: null },
    },
    attributes: WITHOUT_LARGE_COLUMNS,
    order: [
      ['createdAt', 'DESC'],
      ['id', 'DESC'],
    ],
    limit: 4 * MAX_RETURNED,
  });
}

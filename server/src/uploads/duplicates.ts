import { Op } from 'sequelize';
import { WITHOUT_PLAN_AND_DIAGNOSTICS } from '../catalog/access.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';

const MAX_RETURNED = 5;

/**
 * Returns the user's videos of the same file, newest first. A failed video counts only while its source exists, so that it
 * can be transcoded again without another upload.
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

/** Returns more than `MAX_RETURNED`, since some may not count. */
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
    attributes: WITHOUT_PLAN_AND_DIAGNOSTICS,
    order: [
      ['createdAt', 'DESC'],
      ['id', 'DESC'],
    ],
    limit: 4 * MAX_RETURNED,
  });
}

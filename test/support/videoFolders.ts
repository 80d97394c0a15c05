import { type VideoFolder, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { Models } from '../../server/src/db/models.ts';

/** Where a video's objects lie, under `raw/` and under `processed/`. */
export async function findVideoFolder(models: Models, videoId: number): Promise<VideoFolder> {
  return videoFolder(await models.Video.findByPk(videoId, { rejectOnEmpty: true }));
}

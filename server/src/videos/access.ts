import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models, VideoRow } from '../db/models.ts';
import type { Identity } from '../http/route.ts';

/** Columns that no answer to a client needs; both can be long. */
export const WITHOUT_BULK = { exclude: ['plan', 'errorDiagnostics'] };

/** The video, for its owner or an admin. Throws `not_found` for everybody else, as for one that is not there. */
export async function findOwnVideo(models: Models, videoId: number, identity: Identity): Promise<VideoRow> {
  const video = await findVideo(models, videoId);
  if (video !== null && mayChange(video, identity)) return video;
  throw notFound();
}

/** The video, for whoever may see it: anybody where it is not private. Throws `not_found` otherwise. */
export async function findVisibleVideo(
  models: Models,
  videoId: number,
  identity: Identity | null,
): Promise<VideoRow> {
  const video = await findVideo(models, videoId);
  if (video !== null && maySee(video, identity)) return video;
  throw notFound();
}

export function maySee(video: Pick<VideoRow, 'visibility' | 'userId'>, identity: Identity | null): boolean {
  return video.visibility !== 'private' || (identity !== null && mayChange(video, identity));
}

function mayChange(video: Pick<VideoRow, 'userId'>, identity: Identity): boolean {
  return identity.role === 'admin' || identity.userId === video.userId;
}

function findVideo(models: Models, videoId: number): Promise<VideoRow | null> {
  return models.Video.findOne({ where: { id: videoId, deletedAt: null }, attributes: WITHOUT_BULK });
}

function notFound(): ReelmillError {
  return new ReelmillError('not_found', 'There is no such video.');
}

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';
import type { LinkVerdict } from '../playback/signedLinks.ts';

/** Columns that no answer to a client needs; both can be long. */
export const WITHOUT_BULK = { exclude: ['plan', 'errorDiagnostics'] };

/** The video, for its owner or an admin. Throws `not_found` for everybody else, as for one that is not there. */
export async function findOwnVideo(models: Models, videoId: number, identity: Identity): Promise<VideoRow> {
  const video = await findVideo(models, videoId);
  if (video !== null && mayChange(video, identity)) return video;
  throw notFound();
}

/** Somebody who wants to see a video: by a token, by the signed link of its watch page, or without either. */
export interface Viewer {
  readonly identity: Identity | null;
  readonly link: LinkVerdict;
}

/**
 * The video, for whoever may see it: anybody where it is not private, its owner, an admin, or the holder of its link.
 * Throws `signature_invalid` for a link that has expired or was altered, and `not_found` otherwise.
 */
export async function findVisibleVideo(models: Models, videoId: number, viewer: Viewer): Promise<VideoRow> {
  const row = await findVideo(models, videoId);
  return requireVisible(row === null ? undefined : { row }, viewer).row;
}

/** The same for what was read already, with whatever belongs to it; undefined where there is no such video. */
export function requireVisible<T extends { row: VideoRow }>(found: T | undefined, viewer: Viewer): T {
  if (found !== undefined && maySee(found.row, viewer)) return found;
  if (viewer.link === 'expired') throw new ReelmillError('signature_invalid', 'This link has expired.');
  if (viewer.link === 'invalid') throw new ReelmillError('signature_invalid', 'This link is not valid.');
  throw notFound();
}

export function maySee(video: Pick<VideoRow, 'visibility' | 'userId'>, { identity, link }: Viewer): boolean {
  if (video.visibility !== 'private' || link === 'valid') return true;
  return identity !== null && mayChange(video, identity);
}

/** Whether a private video's own signed link may be handed to this viewer; a guest must not be able to renew it. */
export function mayShare(video: Pick<VideoRow, 'userId'>, { identity }: Viewer): boolean {
  return identity !== null && mayChange(video, identity);
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

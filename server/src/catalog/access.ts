import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { InstanceError, type Transaction } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
import type { LinkQuery } from '../signing/signedLinks.ts';

/** Excludes two large columns that no response to a client contains. */
export const WITHOUT_PLAN_AND_DIAGNOSTICS = { exclude: ['plan', 'errorDiagnostics'] };

/** Includes whether the owner is disabled, which decides whether guests may watch. */
export const WITH_OWNER = { association: 'owner', attributes: ['disabledAt'] };

/** Returns the video for its owner or an admin. Throws `not_found` for everybody else, as for a missing video. */
export async function findOwnVideo(models: Models, videoId: number, identity: Identity): Promise<VideoRow> {
  const where = { id: videoId, deletedAt: null };
  const video = await models.Video.findOne({ where, attributes: WITHOUT_PLAN_AND_DIAGNOSTICS });
  if (video !== null && mayChange(video, identity)) return video;
  throw notFound();
}

/**
 * Reloads the row, and locks it until the end of the transaction where there is one. Throws `not_found` where the video
 * has been deleted. Call it first in a state change: the row may have changed between the first read and the lock.
 */
export async function reloadVideo(video: VideoRow, transaction?: Transaction): Promise<void> {
  try {
    await video.reload(transaction === undefined ? {} : { transaction, lock: transaction.LOCK.UPDATE });
  } catch (error) {
    if (error instanceof InstanceError) throw notFound();
    throw error;
  }
  if (video.deletedAt !== null) throw notFound();
}

/** Who requests a video: an account, somebody with a link, or a guest without either. */
export interface Viewer {
  readonly identity: Identity | null;
  /** The name that the link must be signed for; see `PlaybackUrls.verify`. */
  readonly name: string;
  readonly query: LinkQuery;
}

/**
 * `full`: its owner or an admin, with all details; `guest`: may only watch; `expired` and `invalid`: sent such a link;
 * `none`: everybody else.
 */
export type Access = 'full' | 'guest' | 'expired' | 'invalid' | 'none';

/**
 * Returns the access of a viewer to a video, or to a missing one (undefined), in the same steps, so that the time does not
 * reveal which. Links do not open videos of a disabled owner. `row` must have been read with `WITH_OWNER`.
 */
export function decideAccess(
  urls: PlaybackUrls,
  video: { id: number; row: VideoRow | undefined },
  { identity, name, query }: Viewer,
): Access {
  const { row = { id: video.id, visibility: 'private', linkVersion: 0, linkToken: null } as const } = video;
  const verdict = urls.verify(row, name, query);
  if (video.row !== undefined) {
    if (identity !== null && mayChange(video.row, identity)) return 'full';
    const isOpen = verdict === 'valid' || urls.isOpenByNumber(video.row);
    if (isOpen && video.row.owner?.disabledAt === null) return 'guest';
  }
  return verdict === 'valid' || verdict === 'absent' ? 'none' : verdict;
}

/**
 * Returns the video with `full` or `guest` access. Throws `signature_invalid` for an expired, altered or revoked link, and
 * `not_found` otherwise.
 */
export function requireAccess(
  urls: PlaybackUrls,
  video: { id: number; row: VideoRow | undefined },
  viewer: Viewer,
): { row: VideoRow; access: 'full' | 'guest' } {
  const { row } = video;
  const access = decideAccess(urls, video, viewer);
  if (row !== undefined && (access === 'full' || access === 'guest')) return { row, access };
  if (access === 'expired') throw new ReelmillError('signature_invalid', 'This link has expired.');
  if (access === 'invalid') throw new ReelmillError('signature_invalid', 'This link is not valid.');
  throw notFound();
}

/** Returns the video for a viewer who may watch it. Throws as `requireAccess` does. */
export async function findVisibleVideo(
  { database, playbackUrls }: Pick<ServerContext, 'database' | 'playbackUrls'>,
  videoId: number,
  viewer: Viewer,
): Promise<VideoRow> {
  const where = { id: videoId, deletedAt: null };
  const row = await database.models.Video.findOne({
    where,
    attributes: WITHOUT_PLAN_AND_DIAGNOSTICS,
    include: WITH_OWNER,
  });
  return requireAccess(playbackUrls, { id: videoId, row: row ?? undefined }, viewer).row;
}

function mayChange(video: Pick<VideoRow, 'userId'>, identity: Identity): boolean {
  return identity.role === 'admin' || identity.userId === video.userId;
}

function notFound(): ReelmillError {
  return new ReelmillError('not_found', 'There is no such video.');
}

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { InstanceError, type Transaction } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import type { Identity } from '../http/route.ts';
import type { LinkQuery } from '../signing/signedLinks.ts';
import type { PlaybackUrls } from '../signing/urls.ts';

/** Columns that no answer to a client needs; both can be long. */
export const WITHOUT_LARGE_COLUMNS = { exclude: ['plan', 'errorDiagnostics'] };

/** The owner's state, which decides whether guests may watch. */
export const WITH_OWNER = { association: 'owner', attributes: ['disabledAt'] };

/** The video, for its owner or an admin. Throws `not_found` for everybody else, as for one that is not there. */
export async function findOwnVideo(models: Models, videoId: number, identity: Identity): Promise<VideoRow> {
  const where = { id: videoId, deletedAt: null };
  const video = await models.Video.findOne({ where, attributes: WITHOUT_LARGE_COLUMNS });
  if (video !== null && mayChange(video, identity)) return video;
  throw notFound();
}

/**
 * Brings the row up to date, and locks it until the transaction ends where there is one. Throws `not_found` where the video
 * was deleted meanwhile. A state change begins with this: what was read before the lock may have changed since.
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

/** Somebody who wants to see a video: by a token of their account, by a link, or without either. */
export interface Viewer {
  readonly identity: Identity | null;
  /** What the link must be for, as `PlaybackUrls.verify` takes it. */
  readonly name: string;
  readonly query: LinkQuery;
}

/**
 * `full`: its owner or an admin, who see all there is; `guest`: may watch and learns nothing else; `expired` and
 * `invalid`: came with such a link; `none`: everybody else.
 */
export type Access = 'full' | 'guest' | 'expired' | 'invalid' | 'none';

/**
 * What a viewer may see of a video, or of one that is not there (undefined), which takes the same steps. Links open
 * nothing of an owner who is disabled. `row` is one that was read with `WITH_OWNER`.
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
 * The video, and whether the viewer may see all of it or only watch it. Throws `signature_invalid` for a link that has
 * expired, was altered or revoked, and `not_found` otherwise.
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

/** The video, for whoever may watch it. Throws as `requireAccess` does. */
export async function findVisibleVideo(
  { database, playbackUrls }: Pick<ServerContext, 'database' | 'playbackUrls'>,
  videoId: number,
  viewer: Viewer,
): Promise<VideoRow> {
  const where = { id: videoId, deletedAt: null };
  const row = await database.models.Video.findOne({
    where,
    attributes: WITHOUT_LARGE_COLUMNS,
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

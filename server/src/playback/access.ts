import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models, VideoRow } from '../db/models.ts';
import type { Identity } from '../http/route.ts';
import type { LinkQuery } from './signedLinks.ts';
import type { PlaybackUrls } from './urls.ts';

export interface WatchRequest {
  videoId: number;
  /** What the link would be signed for: a playlist's file name, `storyboard.vtt` or `watch`. */
  name: string;
  query: LinkQuery;
  identity: Identity | null;
}

/**
 * The video, for whoever may watch it: anybody if it is not private, its owner, an admin, or the holder of a signed
 * link. Throws `not_found` for a video that is not there or not theirs to know of, and `signature_invalid` for a link
 * that has expired or was altered.
 */
export async function findWatchableVideo(
  models: Models,
  urls: PlaybackUrls,
  { videoId, name, query, identity }: WatchRequest,
): Promise<VideoRow> {
  const verdict = urls.verify(videoId, name, query);
  const video = await models.Video.findOne({ where: { id: videoId, deletedAt: null } });
  if (video !== null && (verdict === 'valid' || mayWatch(video, identity))) return video;
  if (verdict === 'expired') throw new ReelmillError('signature_invalid', 'This link has expired.');
  if (verdict === 'invalid') throw new ReelmillError('signature_invalid', 'This link is not valid.');
  throw new ReelmillError('not_found', 'There is no such video.');
}

function mayWatch(video: VideoRow, identity: Identity | null): boolean {
  if (video.visibility !== 'private') return true;
  return identity !== null && (identity.role === 'admin' || identity.userId === video.userId);
}

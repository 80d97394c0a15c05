import path from 'node:path';
import { objectKeys, planVersionInKey, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { VideoRow } from '../db/rows.ts';
import { listUris } from '../playback/playlistUris.ts';
import { readSmallObject } from '../playback/readSmallObject.ts';

const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;
const MISSING = { doubt: 'playlist of an online video missing, nothing of it removed' };
const OF_ANOTHER_PLAN = { doubt: 'playlist of an online video is of another plan, nothing of it removed' };

type Video = Pick<VideoRow, 'id' | 'objectFolder' | 'status' | 'planVersion' | 'coverKey' | 'storyboardKey'>;

/** What is in use, or why nobody knows. */
export type Published = { keys: ReadonlySet<string> } | { doubt: string };

/**
 * Every object under `processed/` that is in use of a video which has ended: its pictures, and where it is online its
 * playlists and what they name, as they are in the store. Nothing is known where a playlist is missing, or names what
 * another plan made: a server that was stopped in the middle of an earlier one may have written it just now.
 */
export async function findPublishedKeys(store: ObjectStore, video: Video): Promise<Published> {
  const { coverKey, storyboardKey, planVersion } = video;
  const keys = new Set<string>();
  if (coverKey !== null) keys.add(coverKey);
  if (storyboardKey !== null) keys.add(storyboardKey).add(objectKeys.storyboardSprite(storyboardKey));
  if (video.status !== 'online') return { keys };
  const master = objectKeys.master(videoFolder(video));
  keys.add(master);
  const playlists = await namedBy(store, master);
  for (const playlist of playlists ?? []) {
    const segments = await namedBy(store, playlist);
    if (segments === null) return MISSING;
    if (segments.some((key) => planVersionInKey(key) !== planVersion)) return OF_ANOTHER_PLAN;
    keys.add(playlist);
    for (const key of segments) keys.add(key);
  }
  return playlists === null ? MISSING : { keys };
}

/** The keys that a playlist names; null where it is not there. */
async function namedBy(store: ObjectStore, key: string): Promise<string[] | null> {
  try {
    const playlist = await readSmallObject(store, key, MAX_PLAYLIST_BYTES);
    return listUris(playlist.toString('utf8')).map((uri) => path.posix.join(path.posix.dirname(key), uri));
  } catch (error) {
    if (error instanceof ReelmillError && error.code === 'not_found') return null;
    throw error;
  }
}

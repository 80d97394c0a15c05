import path from 'node:path';
import { objectKeys, planVersionInKey, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { VideoRow } from '../db/rows.ts';
import { listUris } from '../playback/playlistUris.ts';
import { readSmallObject } from '../playback/readSmallObject.ts';

const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;

type Video = Pick<VideoRow, 'id' | 'objectFolder' | 'status' | 'planVersion' | 'coverKey' | 'storyboardKey'>;

/** Why nothing is known: a playlist is not there, or a server that came too late has written those of another plan. */
export type PlaylistFault = 'missing' | 'of_another_plan';

/**
 * Every object under `processed/` that is in use of a video which has ended: its pictures, and where it is online its
 * playlists and what they name, as they are in the store.
 */
export async function findPublishedKeys(
  store: ObjectStore,
  video: Video,
): Promise<Set<string> | PlaylistFault> {
  const { coverKey, storyboardKey } = video;
  const keys = new Set<string>();
  if (coverKey !== null) keys.add(coverKey);
  if (storyboardKey !== null) keys.add(storyboardKey).add(objectKeys.storyboardSprite(storyboardKey));
  if (video.status !== 'online') return keys;
  const master = objectKeys.master(videoFolder(video));
  keys.add(master);
  const playlists = await namedBy(store, master);
  for (const playlist of playlists ?? []) {
    const segments = await namedBy(store, playlist);
    if (segments === null) return 'missing';
    if (segments.some((key) => planVersionInKey(key) !== video.planVersion)) return 'of_another_plan';
    keys.add(playlist);
    for (const key of segments) keys.add(key);
  }
  return playlists === null ? 'missing' : keys;
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

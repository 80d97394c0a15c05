import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
import { EventPlaylists } from './eventPlaylists.ts';
import { selectVariants } from './playlistUris.ts';
import { VodPlaylists } from './vodPlaylists.ts';

/** `isEvent`: an EVENT playlist, to which segments are added. */
export interface ServedPlaylist {
  body: string;
  isEvent: boolean;
}

/** Playlists for players: every URI in them is signed. */
export interface PlaylistService {
  /**
   * `name` is `master`, `master-720p`, `720p` or `audio`. Throws `not_found` for a missing rendition, and `state_conflict`
   * where the video cannot be played (yet).
   */
  playlist(video: VideoRow, name: string): Promise<ServedPlaylist>;
  /** Returns the WebVTT of the storyboard. Throws `not_found` while there is none. */
  storyboard(video: VideoRow): Promise<string>;
}

export interface PlaylistServiceOptions {
  models: Models;
  store: ObjectStore;
  urls: PlaybackUrls;
}

export function createPlaylistService({ models, store, urls }: PlaylistServiceOptions): PlaylistService {
  const vod = new VodPlaylists(store, urls);
  const event = new EventPlaylists(models, store, urls);
  const sourceFor = ({ status }: VideoRow) => {
    if (status === 'online') return vod;
    if (status === 'transcoding') return event;
    throw new ReelmillError('state_conflict', `This video cannot be played: it is ${status}.`);
  };

  return {
    async playlist(video, name) {
      const source = sourceFor(video);
      const [, quality] = /^master(?:-(\d+p))?$/.exec(name) ?? [];
      const isMaster = name.startsWith('master');
      const body = isMaster ? await source.master(video) : await source.rendition(video, name);
      return {
        body: quality === undefined ? body : keepVariant(body, quality),
        isEvent: source === event,
      };
    },
    async storyboard(video) {
      if (video.storyboardKey !== null) return vod.storyboard(video, video.storyboardKey);
      throw new ReelmillError('not_found', 'This video has no storyboard yet.');
    },
  };
}

function keepVariant(master: string, quality: string): string {
  const selected = selectVariants(master, (uri) => uri.includes(`/${quality}.m3u8?`));
  if (selected.includes('#EXT-X-STREAM-INF')) return selected;
  throw new ReelmillError('not_found', 'This video has no such rendition.');
}

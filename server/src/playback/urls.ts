import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { VideoRow } from '../db/rows.ts';
import { BoundedCache } from './boundedCache.ts';
import { createLinkSigner, type LinkQuery, type LinkVerdict, linkExpiry } from './signedLinks.ts';

/** What of a video its URLs depend on. */
export type PlaybackVideo = Pick<
  VideoRow,
  'id' | 'status' | 'visibility' | 'playable' | 'coverKey' | 'storyboardKey'
>;

/**
 * The signed URLs of a video. Playlists, the storyboard and the watch page are the API's own routes; pictures and media
 * are signed straight to the store. Within a quarter of the TTL the same question has the same answer.
 */
export interface PlaybackUrls {
  /** The master playlist; null while there is nothing to play. */
  playbackUrl(video: PlaybackVideo): string | null;
  /** A master playlist of one quality (`720p`) with its sound, which plays as it is. */
  sourceUrl(video: Pick<PlaybackVideo, 'id'>, quality: string): string;
  /** One rendition's media playlist; `name` is a quality, which has no sound, or `audio`. */
  renditionUrl(video: Pick<PlaybackVideo, 'id'>, name: string): string;
  coverUrl(video: PlaybackVideo): Promise<string | null>;
  /** WebVTT whose cues are tiles of the storyboard picture; null while there is none. */
  storyboardUrl(video: PlaybackVideo): string | null;
  /** The page for people. A private video's carries a signature, which only its owner may be handed. */
  watchUrl(video: Pick<PlaybackVideo, 'id' | 'visibility'>): string;
  /** `name` is a playlist's file name, `storyboard.vtt`, or `watch`; `query` the request's. */
  verify(videoId: number, name: string, query: LinkQuery): LinkVerdict;
  /** A URL of an object for players and browsers, straight to the store. */
  objectUrl(key: string): Promise<string>;
  /** All origins that these URLs have: the API's own, and the store's. */
  mediaOrigins(): Promise<string[]>;
  /** Seconds since 1970 at which what is signed now ends. */
  currentExpiry(): number;
  secondsLeft(): number;
}

export interface PlaybackUrlOptions {
  /** Address of the API as clients reach it, without a slash at the end. */
  publicUrl: string;
  secret: string;
  ttlSeconds: number;
  store: ObjectStore;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** What a link to a private watch page lives for at least: it is sent to people, who do not come at once. */
const WATCH_TTL_SECONDS = 7 * 24 * 3600;

/** All renditions of a three-hour film are about 19,000 URLs of half a kilobyte. */
const URL_CACHE_CHARACTERS = 32 * 1024 * 1024;
/** Those of some ten thousand videos, which are asked for again and again while they are polled. */
const API_URL_CACHE_CHARACTERS = 16 * 1024 * 1024;

export function createPlaybackUrls(options: PlaybackUrlOptions): PlaybackUrls {
  const { publicUrl, ttlSeconds, store, now = Date.now } = options;
  const signer = createLinkSigner(options.secret, now);
  const apiUrls = new BoundedCache<string>(API_URL_CACHE_CHARACTERS, (url, key) => url.length + key.length);
  const objectUrls = new BoundedCache<string>(URL_CACHE_CHARACTERS, (url, key) => url.length + key.length);
  const currentExpiry = () => linkExpiry(now(), ttlSeconds);
  const secondsLeft = () => Math.max(1, Math.ceil(currentExpiry() - now() / 1000));

  function apiUrl(videoId: number, path: string, name: string): string {
    const expiresAt = currentExpiry();
    const cacheKey = `${expiresAt} ${videoId} ${name}`;
    const known = apiUrls.get(cacheKey);
    if (known !== undefined) return known;
    const url = `${publicUrl}/api/v1/videos/${videoId}/${path}${name}?${signer.sign(videoId, name, expiresAt)}`;
    apiUrls.set(cacheKey, url);
    return url;
  }

  async function objectUrl(key: string): Promise<string> {
    const expiresAt = currentExpiry();
    const cacheKey = `${expiresAt} ${key}`;
    const known = objectUrls.get(cacheKey);
    if (known !== undefined) return known;
    const url = await store.signGet(key, { expiresSeconds: secondsLeft(), audience: 'public' });
    objectUrls.set(cacheKey, url);
    return url;
  }

  return {
    playbackUrl: (video) => (isPlayable(video) ? apiUrl(video.id, 'hls/', 'master.m3u8') : null),
    sourceUrl: (video, quality) => apiUrl(video.id, 'hls/', `master-${quality}.m3u8`),
    renditionUrl: (video, name) => apiUrl(video.id, 'hls/', `${name}.m3u8`),
    coverUrl: async (video) => (video.coverKey === null ? null : objectUrl(video.coverKey)),
    storyboardUrl: (video) => (video.storyboardKey === null ? null : apiUrl(video.id, '', 'storyboard.vtt')),
    watchUrl(video) {
      const page = `${publicUrl}/watch/${video.id}`;
      if (video.visibility !== 'private') return page;
      const expiresAt = linkExpiry(now(), Math.max(WATCH_TTL_SECONDS, ttlSeconds));
      return `${page}?${signer.sign(video.id, 'watch', expiresAt)}`;
    },
    verify: signer.verify,
    objectUrl,
    async mediaOrigins() {
      const store = new URL(await objectUrl('processed/0/cover.jpg')).origin;
      return [...new Set([new URL(publicUrl).origin, store])];
    },
    currentExpiry,
    secondsLeft,
  };
}

const isPlayable = ({ status, playable }: PlaybackVideo) =>
  status === 'online' || (status === 'transcoding' && playable);

import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { VideoRow } from '../db/rows.ts';
import { createBoundedCache } from './boundedCache.ts';
import { isSameToken } from './linkTokens.ts';
import {
  createLinkSigner,
  type LinkQuery,
  type LinkVerdict,
  linkExpiry,
  type SignedVideo,
} from './signedLinks.ts';

/** The columns of a video that its URLs depend on. */
export type PlaybackVideo = Pick<
  VideoRow,
  'id' | 'linkVersion' | 'status' | 'visibility' | 'playable' | 'coverKey' | 'storyboardKey'
>;

/** The columns of a video that decide which links open it. */
export type LinkedVideo = SignedVideo & Pick<VideoRow, 'visibility' | 'linkToken'>;

type LegacyVideo = Pick<VideoRow, 'visibility' | 'legacyLinkSince'>;

/**
 * The signed URLs of a video. Playlists, the storyboard and the watch page are routes of the API; URLs of pictures and media
 * point to the store. Within a quarter of the TTL the same arguments return the same URL.
 */
export interface PlaybackUrls {
  /** URL of the master playlist; null while there is nothing to play. */
  playbackUrl(video: PlaybackVideo): string | null;
  /** URL of a master playlist of one quality (`720p`) with its audio, which plays by itself. */
  sourceUrl(video: SignedVideo, quality: string): string;
  /** URL of the media playlist of one rendition; `name` is a quality, which has no audio, or `audio`. */
  renditionUrl(video: SignedVideo, name: string): string;
  coverUrl(video: PlaybackVideo): Promise<string | null>;
  /** URL of the WebVTT file whose cues are tiles of the storyboard picture; null while there is none. */
  storyboardUrl(video: PlaybackVideo): string | null;
  /**
   * URL of the watch page. That of an unlisted video has its token, that of a private one a signature that expires; return
   * it to the owner only.
   */
  watchUrl(video: LinkedVideo): string;
  /**
   * Verifies the query of a request. `name` is the file name of a playlist, `storyboard.vtt` or `watch`; a token opens
   * `watch` only.
   */
  verify(video: LinkedVideo, name: string, query: LinkQuery): LinkVerdict;
  /** Whether anybody who knows its number may watch it. */
  isOpenByNumber(video: LegacyVideo): boolean;
  /** Until when the number alone opens a video that was unlisted before there were tokens; null where it does not. */
  legacyLinkUntil(video: LegacyVideo): Date | null;
  /** A signed URL of an object in the store, for players and browsers. */
  objectUrl(key: string): Promise<string>;
  /** The origins of these URLs: that of the API and that of the store. */
  mediaOrigins(): Promise<string[]>;
  /** When URLs that are signed now expire, in seconds since 1970. */
  currentExpiry(): number;
  /** Seconds until URLs that are signed now expire. */
  secondsLeft(): number;
}

export interface PlaybackUrlOptions {
  /** Address of the API as clients reach it, without a slash at the end. */
  publicUrl: string;
  secret: string;
  ttlSeconds: number;
  /** How long the number alone opens a video that was unlisted before there were tokens. */
  legacyUnlistedDays: number;
  store: ObjectStore;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Minimum life of a link to a private watch page: people open it later. */
const WATCH_TTL_SECONDS = 7 * 24 * 3600;
const DAY_MS = 24 * 3600 * 1000;

/** The renditions of a three-hour film have about 19,000 URLs of half a kilobyte. */
const URL_CACHE_CHARACTERS = 32 * 1024 * 1024;
/** Enough for about ten thousand videos that clients poll. */
const API_URL_CACHE_CHARACTERS = 16 * 1024 * 1024;

export function createPlaybackUrls(options: PlaybackUrlOptions): PlaybackUrls {
  const { publicUrl, ttlSeconds, legacyUnlistedDays, store, now = Date.now } = options;
  const signer = createLinkSigner(options.secret, now);
  const apiUrls = createBoundedCache<string>(API_URL_CACHE_CHARACTERS, (url, key) => url.length + key.length);
  const objectUrls = createBoundedCache<string>(URL_CACHE_CHARACTERS, (url, key) => url.length + key.length);
  const currentExpiry = () => linkExpiry(now(), ttlSeconds);
  const secondsLeft = () => Math.max(1, Math.ceil(currentExpiry() - now() / 1000));

  function apiUrl(video: SignedVideo, path: string, name: string): string {
    const expiresAt = currentExpiry();
    const cacheKey = `${expiresAt} ${video.id} ${video.linkVersion} ${name}`;
    const known = apiUrls.get(cacheKey);
    if (known !== undefined) return known;
    const url = `${publicUrl}/api/v1/videos/${video.id}/${path}${name}?${signer.sign(video, name, expiresAt)}`;
    apiUrls.set(cacheKey, url);
    return url;
  }

  function legacyLinkUntil({ visibility, legacyLinkSince }: LegacyVideo): Date | null {
    if (visibility !== 'unlisted' || legacyLinkSince === null) return null;
    const until = new Date(legacyLinkSince.getTime() + legacyUnlistedDays * DAY_MS);
    return until.getTime() > now() ? until : null;
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
    playbackUrl: (video) => (isPlayable(video) ? apiUrl(video, 'hls/', 'master.m3u8') : null),
    sourceUrl: (video, quality) => apiUrl(video, 'hls/', `master-${quality}.m3u8`),
    renditionUrl: (video, name) => apiUrl(video, 'hls/', `${name}.m3u8`),
    coverUrl: async (video) => (video.coverKey === null ? null : objectUrl(video.coverKey)),
    storyboardUrl: (video) => (video.storyboardKey === null ? null : apiUrl(video, '', 'storyboard.vtt')),
    watchUrl(video) {
      const page = `${publicUrl}/watch/${video.id}`;
      if (video.visibility === 'public') return page;
      if (video.visibility === 'unlisted' && video.linkToken !== null) {
        return `${page}?token=${video.linkToken}`;
      }
      const expiresAt = linkExpiry(now(), Math.max(WATCH_TTL_SECONDS, ttlSeconds));
      return `${page}?${signer.sign(video, 'watch', expiresAt)}`;
    },
    verify(video, name, { token, ...signed }) {
      const verdict = signer.verify(video, name, signed);
      if (typeof token !== 'string' || verdict === 'valid') return verdict;
      const expected = name === 'watch' && video.visibility === 'unlisted' ? video.linkToken : null;
      const same = isSameToken(token, expected ?? '');
      return same && expected !== null ? 'valid' : 'invalid';
    },
    isOpenByNumber: (video) => video.visibility === 'public' || legacyLinkUntil(video) !== null,
    legacyLinkUntil,
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

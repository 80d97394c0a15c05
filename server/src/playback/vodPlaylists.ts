import path from 'node:path';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { VideoRow } from '../db/rows.ts';
import { createBoundedCache } from '../signing/boundedCache.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
import { signKeys } from '../signing/signKeys.ts';
import { listUris, rewriteStoryboard, rewriteUris } from './playlistUris.ts';
import { readSmallObject } from './readSmallObject.ts';

/** A signed playlist of a three-hour film is about 1.5 MB. */
const CACHE_CHARACTERS = 32 * 1024 * 1024;
const MAX_STORED_BYTES = 8 * 1024 * 1024;

/** Playlists and storyboards from the store, with signed URLs in place of relative ones. Cached while the URLs are equal. */
export class VodPlaylists {
  readonly #store: ObjectStore;
  readonly #urls: PlaybackUrls;
  readonly #cache = createBoundedCache<string>(CACHE_CHARACTERS, (body) => body.length);

  constructor(store: ObjectStore, urls: PlaybackUrls) {
    this.#store = store;
    this.#urls = urls;
  }

  master(video: VideoRow): Promise<string> {
    return this.#signed(video, objectKeys.master(videoFolder(video)), async (stored) =>
      rewriteUris(stored, (uri) => this.#urls.renditionUrl(video, path.posix.basename(uri, '.m3u8'))),
    );
  }

  /** `name` is a quality or `audio`. Throws `not_found` where the video has no such rendition. */
  rendition(video: VideoRow, name: string): Promise<string> {
    const key = objectKeys.playlist(videoFolder(video), name);
    return this.#signed(video, key, async (stored) => {
      const urlOf = await this.#signSiblings(key, listUris(stored));
      return rewriteUris(stored, urlOf);
    });
  }

  storyboard(video: VideoRow, key: string): Promise<string> {
    return this.#signed(video, key, async (stored) => {
      const pictures = new Set<string>();
      rewriteStoryboard(stored, (picture) => {
        pictures.add(picture);
        return picture;
      });
      return rewriteStoryboard(stored, await this.#signSiblings(key, [...pictures]));
    });
  }

  async #signed(video: VideoRow, key: string, sign: (stored: string) => Promise<string>): Promise<string> {
    const cacheKey = `${this.#urls.currentExpiry()} ${video.planVersion} ${video.linkVersion} ${key}`;
    const known = this.#cache.get(cacheKey);
    if (known !== undefined) return known;
    const stored = await readSmallObject(this.#store, key, MAX_STORED_BYTES);
    const body = await sign(stored.toString('utf8'));
    this.#cache.set(cacheKey, body);
    return body;
  }

  /** Signs names in the same folder as `key`. Returns a function from name to URL. */
  async #signSiblings(key: string, names: readonly string[]): Promise<(name: string) => string> {
    const keyOf = (name: string) => path.posix.join(path.posix.dirname(key), name);
    const signed = await signKeys(this.#urls, names.map(keyOf));
    return (name) => signed.get(keyOf(name)) ?? name;
  }
}

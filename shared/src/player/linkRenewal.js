/** Links are renewed this much before they end, so that a request under way is not cut off. */
const MARGIN_MS = 20_000;
/** Where the clocks disagree, fresh links may look as if they had ended; they are not renewed more often than this. */
const LEAST_AGE_MS = 60_000;

/**
 * Keeps a long playback going beyond the life of its links. Players ask `resolve` before every request; once the links
 * are about to end, the playlists in use are fetched anew and every address (which stays, its query aside) is answered
 * with its newest link. Playback is not interrupted.
 */
export class LinkRenewal {
  #playbackUrl;
  #fetchPlaybackUrl;
  #fetchText;
  #now;
  /** @type {Map<string, string>} newest link by address */
  #newest = new Map();
  /** @type {Set<string>} addresses of media playlists that the player has opened */
  #opened = new Set();
  /** @type {Promise<void> | null} */
  #renewing = null;
  #renewedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param {string} playbackUrl
   * @param {{ fetchPlaybackUrl: () => Promise<string>, fetchText: (url: string) => Promise<string>, now: () => number }} ports
   */
  constructor(playbackUrl, { fetchPlaybackUrl, fetchText, now }) {
    this.#playbackUrl = playbackUrl;
    this.#fetchPlaybackUrl = fetchPlaybackUrl;
    this.#fetchText = fetchText;
    this.#now = now;
  }

  /** A link that works now for the same thing; the given one where there is no better. @param {string} url */
  async resolve(url) {
    const address = addressOf(url);
    if (address.endsWith('.m3u8')) this.#opened.add(address);
    if (this.#endsSoon()) await this.renew();
    return this.#newest.get(address) ?? url;
  }

  /** Fetches new links now; several callers share one renewal. Keeps the old ones where that fails. */
  renew() {
    this.#renewing ??= this.#fetchLinks().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing.catch(() => undefined);
  }

  #endsSoon() {
    const expires = Number(new URL(this.#playbackUrl).searchParams.get('expires'));
    const now = this.#now();
    return expires > 0 && expires * 1000 - MARGIN_MS < now && now - this.#renewedAt >= LEAST_AGE_MS;
  }

  async #fetchLinks() {
    const playbackUrl = await this.#fetchPlaybackUrl();
    const master = addressOf(playbackUrl);
    this.#newest.set(master, playbackUrl);
    const renditions = await this.#learn(playbackUrl);
    for (const url of renditions) {
      if (this.#opened.has(addressOf(url))) await this.#learn(url);
    }
    this.#playbackUrl = playbackUrl;
    this.#renewedAt = this.#now();
  }

  /** @param {string} playlistUrl */
  async #learn(playlistUrl) {
    const links = listLinks(await this.#fetchText(playlistUrl));
    for (const link of links) this.#newest.set(addressOf(link), link);
    return links;
  }
}

/** Every absolute link of a playlist. @param {string} playlist */
export function listLinks(playlist) {
  return playlist
    .split('\n')
    .map((line) => (line.startsWith('#') ? (/URI="([^"]+)"/.exec(line)?.[1] ?? '') : line.trim()))
    .filter((link) => link !== '');
}

/** @param {string} url */
function addressOf(url) {
  return url.split('?', 1)[0] ?? url;
}

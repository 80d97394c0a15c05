/** Links are renewed this much before they expire, so that a request under way is not cut off. */
const MARGIN_MS = 20_000;
/** Where the clocks disagree, fresh links may look expired; they are not renewed more often than this. */
const MIN_INTERVAL_MS = 60_000;

export interface LinkRenewalPorts {
  /** Returns a fresh link to the master playlist. */
  fetchPlaybackUrl(): Promise<string>;
  fetchText(url: string): Promise<string>;
  /** Milliseconds since 1970 by the server's clock. */
  now(): number;
}

/**
 * Keeps a long playback going beyond the life of its links. Players call `resolve` before every request; once the links
 * are about to expire, the playlists in use are fetched again, and every address (which stays the same but for its query)
 * resolves to its newest link. Playback is not interrupted.
 */
export class LinkRenewal {
  #playbackUrl: string;
  readonly #ports: LinkRenewalPorts;
  /** The newest link by address. */
  readonly #newest = new Map<string, string>();
  /** The addresses of media playlists that the player has opened. */
  readonly #opened = new Set<string>();
  #renewing: Promise<void> | null = null;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(playbackUrl: string, ports: LinkRenewalPorts) {
    this.#playbackUrl = playbackUrl;
    this.#ports = ports;
  }

  /** Returns a link to the same thing that works now; the given one where there is no newer one. */
  async resolve(url: string): Promise<string> {
    const address = addressOf(url);
    if (address.endsWith('.m3u8')) this.#opened.add(address);
    if (this.#expiresSoon()) await this.renew();
    return this.#newest.get(address) ?? url;
  }

  /** Fetches new links now; callers at the same time share one renewal. Keeps the old links where that fails. */
  renew(): Promise<void> {
    this.#renewing ??= this.#fetchLinks().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing.catch(() => undefined);
  }

  #expiresSoon(): boolean {
    const expires = Number(new URL(this.#playbackUrl).searchParams.get('expires'));
    const now = this.#ports.now();
    return expires > 0 && expires * 1000 - MARGIN_MS < now && now - this.#renewedAt >= MIN_INTERVAL_MS;
  }

  async #fetchLinks(): Promise<void> {
    const playbackUrl = await this.#ports.fetchPlaybackUrl();
    this.#newest.set(addressOf(playbackUrl), playbackUrl);
    for (const url of await this.#fetchLinksOf(playbackUrl)) {
      if (this.#opened.has(addressOf(url))) await this.#fetchLinksOf(url);
    }
    this.#playbackUrl = playbackUrl;
    this.#renewedAt = this.#ports.now();
  }

  /** Stores the links of a playlist and returns them. */
  async #fetchLinksOf(playlistUrl: string): Promise<string[]> {
    const links = listLinks(await this.#ports.fetchText(playlistUrl));
    for (const link of links) this.#newest.set(addressOf(link), link);
    return links;
  }
}

/** Returns every absolute link of a playlist. */
export function listLinks(playlist: string): string[] {
  return playlist
    .split('\n')
    .map((line) => (line.startsWith('#') ? (/URI="([^"]+)"/.exec(line)?.[1] ?? '') : line.trim()))
    .filter((link) => link !== '');
}

function addressOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

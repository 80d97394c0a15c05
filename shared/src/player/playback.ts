import type Hls from 'hls.js';
import type { ErrorData } from 'hls.js';
import { LinkRenewal, type LinkRenewalPorts } from './linkRenewal.ts';

const MAX_RECOVERIES = 6;
const RECOVERY_WINDOW_MS = 60_000;
const BUFFER_SECONDS = { ahead: 30, behind: 60 };

/** A quality that can be chosen; `index` is the player's own, -1 stands for choosing automatically. */
export interface Quality {
  index: number;
  label: string;
}

export interface PlaybackPorts extends LinkRenewalPorts {
  loadHls(): Promise<typeof import('hls.js')>;
  /** Called when the list of qualities, or the one that plays, has changed. */
  onQualities(): void;
  /** Called after the last recovery has failed, with the position. */
  onFailed(seconds: number): void;
}

/**
 * Plays one master playlist after another in a video element: through hls.js, or by the browser itself where it has no
 * media source extensions.
 *
 *   closed ──open──▶ playing ──open (the VOD playlist)──▶ playing ──▶ failed
 */
export class Playback {
  readonly #video: HTMLVideoElement;
  readonly #ports: PlaybackPorts;
  #hls: Hls | null = null;
  #links: LinkRenewal | null = null;
  #recoveries = { count: 0, since: 0 };
  #native = false;
  openUrl: string | null = null;

  constructor(video: HTMLVideoElement, ports: PlaybackPorts) {
    this.#video = video;
    this.#ports = ports;
    video.addEventListener('error', () => this.#recoverNative());
  }

  /** Opens a playlist at a position; `play` starts at once. */
  async open(url: string, { startSeconds, play }: { startSeconds: number; play: boolean }): Promise<void> {
    this.close();
    this.openUrl = url;
    this.#links = new LinkRenewal(url, this.#ports);
    if (!hasMediaSource() && this.#video.canPlayType('application/vnd.apple.mpegurl') !== '') {
      this.#openNative(url, startSeconds);
    } else {
      await this.#openHls(url, startSeconds);
    }
    // browsers may want a click first; the big button is there for it
    if (play && this.openUrl === url) await this.#video.play().catch(() => undefined);
  }

  close(): void {
    this.#hls?.destroy();
    this.#hls = null;
    this.openUrl = null;
  }

  /** Closes for good, and frees what the browser holds for the video. */
  destroy(): void {
    this.close();
    this.#native = false;
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  /** The qualities from the largest to the smallest; empty where the browser chooses. */
  get qualities(): Quality[] {
    const levels = this.#hls?.levels ?? [];
    return levels.map((level, index) => ({ index, label: qualityOf(level.url[0] ?? '') })).reverse();
  }

  /** The index of the chosen quality, -1 for automatic. */
  get chosenQuality(): number {
    return this.#hls?.manualLevel ?? -1;
  }

  /** The name of the quality that is shown now; null where it is not known. */
  get shownQuality(): string | null {
    const level = this.#hls?.levels[this.#hls.currentLevel];
    return level === undefined ? null : qualityOf(level.url[0] ?? '');
  }

  /** Chooses a quality by its index, -1 for automatic. */
  chooseQuality(index: number): void {
    if (this.#hls !== null) this.#hls.nextLevel = index;
    this.#ports.onQualities();
  }

  async #openHls(url: string, startSeconds: number): Promise<void> {
    const { default: HlsPlayer } = await this.#ports.loadHls();
    if (this.openUrl !== url) return;
    const links = this.#links;
    const hls = new HlsPlayer({
      startPosition: startSeconds,
      // fragmented MP4 needs no work that a worker would take off this thread
      enableWorker: false,
      capLevelToPlayerSize: true,
      maxBufferLength: BUFFER_SECONDS.ahead,
      backBufferLength: BUFFER_SECONDS.behind,
      xhrSetup: async (request, requestedUrl) => {
        request.open('GET', (await links?.resolve(requestedUrl)) ?? requestedUrl, true);
      },
    });
    this.#hls = hls;
    hls.on(HlsPlayer.Events.LEVEL_SWITCHED, () => this.#ports.onQualities());
    hls.on(HlsPlayer.Events.MANIFEST_PARSED, () => this.#ports.onQualities());
    hls.on(HlsPlayer.Events.ERROR, (_, data) => this.#recoverHls(hls, data));
    hls.loadSource(url);
    hls.attachMedia(this.#video);
    await new Promise<unknown>((resolve) => {
      hls.once(HlsPlayer.Events.MANIFEST_PARSED, resolve);
      hls.once(HlsPlayer.Events.DESTROYING, resolve);
    });
  }

  #openNative(url: string, startSeconds: number): void {
    this.#native = true;
    this.#video.src = url;
    this.#video.addEventListener(
      'loadedmetadata',
      () => {
        this.#video.currentTime = startSeconds;
      },
      { once: true },
    );
  }

  async #recoverHls(hls: Hls, data: ErrorData): Promise<void> {
    const isForbidden = data.response?.code === 403 || data.response?.code === 401;
    if (!data.fatal && !isForbidden) return;
    if (!this.#mayRecover()) return this.#fail();
    if (isForbidden) await this.#links?.renew();
    if (this.#hls !== hls) return;
    if (data.fatal && data.type === 'mediaError') hls.recoverMediaError();
    else if (data.fatal && hls.levels.length === 0) hls.loadSource(await this.#ports.fetchPlaybackUrl());
    else hls.startLoad(this.#video.currentTime);
  }

  async #recoverNative(): Promise<void> {
    if (!this.#native || this.openUrl === null) return;
    if (!this.#mayRecover()) return this.#fail();
    const { currentTime, paused } = this.#video;
    const url = await this.#ports.fetchPlaybackUrl().catch(() => null);
    if (url === null) return this.#fail();
    this.#openNative(url, currentTime);
    if (!paused) await this.#video.play().catch(() => undefined);
  }

  /** A few errors a minute are a bad connection; more do not stop by themselves. */
  #mayRecover(): boolean {
    const now = Date.now();
    if (now - this.#recoveries.since > RECOVERY_WINDOW_MS) this.#recoveries = { count: 0, since: now };
    this.#recoveries.count += 1;
    return this.#recoveries.count <= MAX_RECOVERIES;
  }

  #fail(): void {
    const { currentTime } = this.#video;
    this.close();
    this.#ports.onFailed(currentTime);
  }
}

function hasMediaSource(): boolean {
  return 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;
}

function qualityOf(playlistUrl: string): string {
  return /\/(\d+p)\.m3u8/.exec(playlistUrl)?.[1] ?? '?';
}

/** @import Hls from 'hls.js' */
/** @import { ErrorData } from 'hls.js' */
import { LinkRenewal } from './linkRenewal.js';

const MANY_RECOVERIES = 6;
const CALM_MS = 60_000;
const BUFFER_SECONDS = { ahead: 30, behind: 60 };

/** A size that can be chosen; `index` is the player's own, -1 stands for choosing by itself. @typedef {{ index: number, label: string }} Quality */

/**
 * @typedef {object} PlaybackPorts
 * @property {() => Promise<typeof import('hls.js')>} loadHls
 * @property {() => Promise<string>} fetchPlaybackUrl a master playlist's link that is fresh
 * @property {(url: string) => Promise<string>} fetchText
 * @property {() => number} now milliseconds since 1970 by the server's clock
 * @property {() => void} onQualities the list of sizes, or the one that plays, has changed
 * @property {(seconds: number) => void} onGivenUp nothing more can be tried; it was there
 */

/**
 * Plays one master playlist after another in a video element: through hls.js, or by the browser itself where it has no
 * media source extensions.
 *
 *   closed ──open──▶ playing ──open (the final list)──▶ playing ──▶ given up
 */
export class Playback {
  #video;
  #ports;
  /** @type {Hls | null} */
  #hls = null;
  /** @type {LinkRenewal | null} */
  #links = null;
  #recoveries = { count: 0, since: 0 };
  #native = false;

  /** @param {HTMLVideoElement} video @param {PlaybackPorts} ports */
  constructor(video, ports) {
    this.#video = video;
    this.#ports = ports;
    video.addEventListener('error', () => this.#recoverNative());
  }

  /** @type {string | null} */
  openUrl = null;

  /** Plays from `startSeconds` on; `play` whether at once. @param {string} url @param {{ startSeconds: number, play: boolean }} options */
  async open(url, { startSeconds, play }) {
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

  close() {
    this.#hls?.destroy();
    this.#hls = null;
    this.openUrl = null;
  }

  /** Closes for good, and gives back what the browser holds for the video. */
  destroy() {
    this.close();
    this.#native = false;
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  /** Sizes from the largest to the smallest; empty where the browser chooses. @returns {Quality[]} */
  get qualities() {
    const levels = this.#hls?.levels ?? [];
    return levels.map((level, index) => ({ index, label: qualityOf(level.url[0] ?? '') })).reverse();
  }

  /** The size that was chosen, -1 for automatic. */
  get chosenQuality() {
    return this.#hls?.manualLevel ?? -1;
  }

  /** The size that is shown now. */
  get shownQuality() {
    const level = this.#hls?.levels[this.#hls.currentLevel];
    return level === undefined ? null : qualityOf(level.url[0] ?? '');
  }

  /** @param {number} index -1 for automatic */
  chooseQuality(index) {
    if (this.#hls !== null) this.#hls.nextLevel = index;
    this.#ports.onQualities();
  }

  /** @param {string} url @param {number} startSeconds */
  async #openHls(url, startSeconds) {
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
      xhrSetup: async (request, wanted) => {
        request.open('GET', (await links?.resolve(wanted)) ?? wanted, true);
      },
    });
    this.#hls = hls;
    hls.on(HlsPlayer.Events.LEVEL_SWITCHED, () => this.#ports.onQualities());
    hls.on(HlsPlayer.Events.MANIFEST_PARSED, () => this.#ports.onQualities());
    hls.on(HlsPlayer.Events.ERROR, (_, data) => this.#recoverHls(hls, data));
    hls.loadSource(url);
    hls.attachMedia(this.#video);
    await new Promise((resolve) => {
      hls.once(HlsPlayer.Events.MANIFEST_PARSED, resolve);
      hls.once(HlsPlayer.Events.DESTROYING, resolve);
    });
  }

  /** @param {string} url @param {number} startSeconds */
  #openNative(url, startSeconds) {
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

  /** @param {Hls} hls @param {ErrorData} data */
  async #recoverHls(hls, data) {
    const refused = data.response?.code === 403 || data.response?.code === 401;
    if (!data.fatal && !refused) return;
    if (!this.#mayRecover()) return this.#giveUp();
    if (refused) await this.#links?.renew();
    if (this.#hls !== hls) return;
    if (data.fatal && data.type === 'mediaError') hls.recoverMediaError();
    else if (data.fatal && hls.levels.length === 0) hls.loadSource(await this.#ports.fetchPlaybackUrl());
    else hls.startLoad(this.#video.currentTime);
  }

  async #recoverNative() {
    if (!this.#native || this.openUrl === null) return;
    if (!this.#mayRecover()) return this.#giveUp();
    const { currentTime, paused } = this.#video;
    const url = await this.#ports.fetchPlaybackUrl().catch(() => null);
    if (url === null) return this.#giveUp();
    this.#openNative(url, currentTime);
    if (!paused) await this.#video.play().catch(() => undefined);
  }

  /** A few troubles a minute are a bad line; more are not going to end. */
  #mayRecover() {
    const now = Date.now();
    if (now - this.#recoveries.since > CALM_MS) this.#recoveries = { count: 0, since: now };
    this.#recoveries.count += 1;
    return this.#recoveries.count <= MANY_RECOVERIES;
  }

  #giveUp() {
    const { currentTime } = this.#video;
    this.close();
    this.#ports.onGivenUp(currentTime);
  }
}

function hasMediaSource() {
  return 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;
}

/** @param {string} playlistUrl */
function qualityOf(playlistUrl) {
  return /\/(\d+p)\.m3u8/.exec(playlistUrl)?.[1] ?? '?';
}

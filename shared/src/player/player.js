/** @import { Video } from '../contracts/videos.ts' */
/** @import { PlayerWords } from './words.js' */
import { Controls } from './controls.js';
import { show } from './elements.js';
import { listLinks } from './linkRenewal.js';
import { Playback } from './playback.js';
import { buildStage } from './stage.js';
import { parseStoryboard } from './storyboard.js';

/** How often at most a video that is transcoding is asked whether it has more sizes by now. */
const LOOK_FOR_SIZES_MS = 8_000;

/**
 * What the player has to know of a video at one moment.
 * @typedef {Pick<Video, 'status' | 'duration' | 'width' | 'height' | 'playback_url' | 'cover_url' | 'storyboard_url'>} PlayerVideo
 */

/**
 * @typedef {object} PlayerPorts
 * @property {PlayerWords} words
 * @property {() => Promise<typeof import('hls.js')>} loadHls
 * @property {() => Promise<string>} fetchPlaybackUrl a master playlist's link that is fresh
 * @property {(url: string) => Promise<string>} fetchText
 * @property {() => number} now milliseconds since 1970, by the server's clock where that is known
 * @property {() => void} onGivenUp playback has ended for good, unless `retry` is called
 * @property {boolean} playsByItself whether a video that was waited for begins as soon as it can
 */

/**
 * A video with its controls in an element of the page. It is told of the video whenever that changes, and of its end.
 *
 *   waiting ──playable──▶ watching early ──online──▶ watching ──trouble──▶ given up ──retry──▶ watching
 */
export class Player {
  #root;
  #ports;
  #stage;
  #video;
  #playback;
  #ended = new AbortController();
  /** @type {Controls | null} */
  #controls = null;
  #openedStatus = '';
  #waited = false;
  /** @type {number | null} where it was when it was given up */
  #givenUpAt = null;
  #lookedForSizesAt = 0;
  /** @type {string | null} */
  #storyboardUrl = null;
  /** @type {PlayerVideo | null} */
  #next = null;
  /** @type {Promise<void> | null} */
  #presenting = null;

  /** @param {HTMLElement} root an empty element of the class `player` @param {PlayerPorts} ports */
  constructor(root, ports) {
    this.#root = root;
    this.#ports = ports;
    this.#stage = buildStage(ports.words);
    this.#video = this.#stage.video;
    this.#playback = new Playback(this.#video, {
      ...ports,
      onQualities: () => this.#controls?.menu.refresh(),
      onGivenUp: (seconds) => {
        this.#givenUpAt = seconds;
        show(this.#stage.controls, false);
        ports.onGivenUp();
      },
    });
    root.setAttribute('aria-label', ports.words.player);
    root.tabIndex = -1;
    root.replaceChildren(this.#stage.frame);
  }

  /** Plays what there is now. Where it is told of several states at once, the last one counts. @param {PlayerVideo} video */
  async show(video) {
    this.#next = video;
    this.#presenting ??= this.#presentAll().finally(() => {
      this.#presenting = null;
    });
    await this.#presenting;
  }

  /** In place of the picture. @param {{ title: string, text: string, action?: { label: string, run: () => void } }} notice */
  showNotice({ title, text, action }) {
    const { notice } = this.#stage;
    if (notice.title.textContent !== title) notice.title.textContent = title;
    if (notice.text.textContent !== text) notice.text.textContent = text;
    show(notice.action, action !== undefined);
    notice.action.textContent = action?.label ?? '';
    notice.action.onclick = action?.run ?? null;
    show(notice.root, true);
  }

  hideNotice() {
    show(this.#stage.notice.root, false);
  }

  /** Whether playback has ended although nobody wanted it to. */
  get givenUp() {
    return this.#givenUpAt !== null;
  }

  /** Goes on where it was given up. Throws what keeps the video from being had. */
  async retry() {
    const startSeconds = this.#givenUpAt ?? 0;
    const url = await this.#ports.fetchPlaybackUrl();
    if (this.#ended.signal.aborted) return;
    this.#givenUpAt = null;
    show(this.#stage.controls, true);
    await this.#playback.open(url, { startSeconds, play: true });
  }

  /** Ends playback; the controls go with it. */
  close() {
    this.#playback.close();
    show(this.#stage.controls, false);
  }

  /** Ends everything, and leaves the element empty. */
  destroy() {
    this.#ended.abort();
    this.#playback.destroy();
    this.#root.replaceChildren();
  }

  async #presentAll() {
    while (this.#next !== null && !this.#ended.signal.aborted) {
      const video = this.#next;
      this.#next = null;
      await this.#present(video);
    }
  }

  /** @param {PlayerVideo} video */
  async #present(video) {
    if (video.width !== null && video.height !== null) {
      this.#root.style.setProperty('--aspect', String(video.width / video.height));
    }
    if (video.cover_url !== null && !this.#video.poster) this.#video.poster = video.cover_url;
    if (this.#givenUpAt !== null) return;
    if (video.playback_url !== null) return await this.#watch(video, video.playback_url);
    this.#waited = true;
    this.close();
  }

  /** @param {PlayerVideo} video @param {string} url */
  async #watch(video, url) {
    show(this.#stage.controls, true);
    this.#controls ??= this.#createControls();
    this.#controls.timeline.announcedSeconds = video.duration;
    void this.#loadStoryboard(video.storyboard_url);
    if (this.#playback.openUrl === null) {
      this.#openedStatus = video.status;
      const play = this.#waited && this.#ports.playsByItself;
      await this.#playback.open(url, { startSeconds: 0, play });
    } else if (video.status !== this.#openedStatus || (await this.#hasMoreSizes(video, url))) {
      this.#openedStatus = video.status;
      await this.#reopen(url);
    }
  }

  #createControls() {
    const { words } = this.#ports;
    const parts = { stage: this.#stage, playback: this.#playback, words, signal: this.#ended.signal };
    return new Controls(this.#root, parts);
  }

  /** A video in transcoding begins with one small size; the others follow. @param {PlayerVideo} video @param {string} url */
  async #hasMoreSizes(video, url) {
    const now = performance.now();
    if (video.status !== 'transcoding' || now - this.#lookedForSizesAt < LOOK_FOR_SIZES_MS) return false;
    this.#lookedForSizesAt = now;
    const master = await this.#ports.fetchText(url).catch(() => '');
    const sizes = listLinks(master).filter((link) => /\/\d+p\.m3u8/.test(link)).length;
    return sizes > this.#playback.qualities.length && this.#playback.qualities.length > 0;
  }

  /** Goes on where it is with another list; the picture stands still meanwhile instead of going black. @param {string} url */
  async #reopen(url) {
    const { currentTime, paused, ended } = this.#video;
    this.#holdPicture();
    await this.#playback.open(url, { startSeconds: currentTime, play: !paused || ended });
  }

  #holdPicture() {
    const { still } = this.#stage;
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return;
    still.width = videoWidth;
    still.height = videoHeight;
    still.getContext('2d')?.drawImage(this.#video, 0, 0);
    show(still, true);
    this.#video.addEventListener('loadeddata', () => show(still, false), { once: true });
  }

  /** @param {string | null} url */
  async #loadStoryboard(url) {
    if (url === null || this.#storyboardUrl !== null) return;
    this.#storyboardUrl = url;
    const vtt = await this.#ports.fetchText(url).catch(() => '');
    if (this.#controls !== null && !this.#ended.signal.aborted) {
      this.#controls.timeline.tiles = parseStoryboard(vtt);
    }
  }
}

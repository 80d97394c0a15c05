import type { Video } from '../contracts/videos.ts';
import { Controls } from './controls.ts';
import { setVisible } from './elements.ts';
import { listLinks } from './linkRenewal.ts';
import { Playback, type PlaybackPorts } from './playback.ts';
import type { PlayerTexts } from './playerTexts.ts';
import { buildStage, type Stage } from './stage.ts';
import { parseStoryboard } from './storyboard.ts';

/** How often at most the master playlist of a video in transcoding is fetched to see whether it has more qualities. */
const QUALITIES_INTERVAL_MS = 8_000;

/** What the player needs to know about a video. */
export type PlayerVideo = Pick<
  Video,
  'status' | 'duration' | 'width' | 'height' | 'playback_url' | 'cover_url' | 'storyboard_url'
>;

export interface PlayerPorts extends Omit<PlaybackPorts, 'onQualities' | 'onFailed'> {
  texts: PlayerTexts;
  /** Called when playback has failed; only `retry` starts it again. */
  onFailed(): void;
  /** Whether a video that was not playable when it was first shown starts as soon as it is. */
  autoplay: boolean;
}

/** Shown in place of the picture. */
export interface PlayerNotice {
  title: string;
  text: string;
  action?: { label: string; run(): void };
}

/**
 * A video with its controls in an element of the page. The owner calls `show` whenever the video changes.
 *
 *   waiting ──playable──▶ watching early ──online──▶ watching ──error──▶ failed ──retry──▶ watching
 */
export class Player {
  readonly #root: HTMLElement;
  readonly #ports: PlayerPorts;
  readonly #stage: Stage;
  readonly #video: HTMLVideoElement;
  readonly #playback: Playback;
  readonly #destroyed = new AbortController();
  #controls: Controls | null = null;
  #openedStatus = '';
  #waited = false;
  /** The position at which playback failed. */
  #failedAtSeconds: number | null = null;
  #qualitiesFetchedAt = 0;
  #storyboardUrl: string | null = null;
  #pending: PlayerVideo | null = null;
  #updating: Promise<void> | null = null;

  /** Takes an empty element of the class `player`. */
  constructor(root: HTMLElement, ports: PlayerPorts) {
    this.#root = root;
    this.#ports = ports;
    this.#stage = buildStage(ports.texts);
    this.#video = this.#stage.video;
    this.#playback = new Playback(this.#video, {
      ...ports,
      onQualities: () => this.#controls?.menu.refresh(),
      onFailed: (seconds) => {
        this.#failedAtSeconds = seconds;
        setVisible(this.#stage.controls, false);
        ports.onFailed();
      },
    });
    root.setAttribute('aria-label', ports.texts.player);
    root.tabIndex = -1;
    root.replaceChildren(this.#stage.frame);
  }

  /** Plays what is playable now. Of several calls while one is at work, the last one counts. */
  async show(video: PlayerVideo): Promise<void> {
    this.#pending = video;
    this.#updating ??= this.#updateAll().finally(() => {
      this.#updating = null;
    });
    await this.#updating;
  }

  showNotice({ title, text, action }: PlayerNotice): void {
    const { notice } = this.#stage;
    if (notice.title.textContent !== title) notice.title.textContent = title;
    if (notice.text.textContent !== text) notice.text.textContent = text;
    setVisible(notice.action, action !== undefined);
    notice.action.textContent = action?.label ?? '';
    notice.action.onclick = action?.run ?? null;
    setVisible(notice.root, true);
  }

  hideNotice(): void {
    setVisible(this.#stage.notice.root, false);
  }

  /** Whether playback has failed and was not retried since. */
  get failed(): boolean {
    return this.#failedAtSeconds !== null;
  }

  /** Resumes where playback failed. Throws what `fetchPlaybackUrl` throws. */
  async retry(): Promise<void> {
    const startSeconds = this.#failedAtSeconds ?? 0;
    const url = await this.#ports.fetchPlaybackUrl();
    if (this.#destroyed.signal.aborted) return;
    this.#failedAtSeconds = null;
    setVisible(this.#stage.controls, true);
    await this.#playback.open(url, { startSeconds, play: true });
  }

  /** Stops playback and hides the controls. */
  close(): void {
    this.#playback.close();
    setVisible(this.#stage.controls, false);
  }

  /** Stops everything, and leaves the element empty. */
  destroy(): void {
    this.#destroyed.abort();
    this.#playback.destroy();
    this.#root.replaceChildren();
  }

  async #updateAll(): Promise<void> {
    while (this.#pending !== null && !this.#destroyed.signal.aborted) {
      const video = this.#pending;
      this.#pending = null;
      await this.#update(video);
    }
  }

  async #update(video: PlayerVideo): Promise<void> {
    if (video.width !== null && video.height !== null) {
      this.#root.style.setProperty('--aspect', String(video.width / video.height));
    }
    if (video.cover_url !== null && !this.#video.poster) this.#video.poster = video.cover_url;
    if (this.#failedAtSeconds !== null) return;
    if (video.playback_url !== null) return await this.#watch(video, video.playback_url);
    this.#waited = true;
    this.close();
  }

  async #watch(video: PlayerVideo, url: string): Promise<void> {
    setVisible(this.#stage.controls, true);
    this.#controls ??= this.#createControls();
    this.#controls.timeline.announcedSeconds = video.duration;
    void this.#loadStoryboard(video.storyboard_url);
    if (this.#playback.openUrl === null) {
      this.#openedStatus = video.status;
      const play = this.#waited && this.#ports.autoplay;
      await this.#playback.open(url, { startSeconds: 0, play });
    } else if (video.status !== this.#openedStatus || (await this.#hasMoreQualities(video, url))) {
      this.#openedStatus = video.status;
      await this.#reopen(url);
    }
  }

  #createControls(): Controls {
    const { texts } = this.#ports;
    const parts = { stage: this.#stage, playback: this.#playback, texts, signal: this.#destroyed.signal };
    return new Controls(this.#root, parts);
  }

  /** A video in transcoding begins with one small quality; the others follow. */
  async #hasMoreQualities(video: PlayerVideo, url: string): Promise<boolean> {
    const now = performance.now();
    if (video.status !== 'transcoding' || now - this.#qualitiesFetchedAt < QUALITIES_INTERVAL_MS)
      return false;
    this.#qualitiesFetchedAt = now;
    const master = await this.#ports.fetchText(url).catch(() => '');
    const count = listLinks(master).filter((link) => /\/\d+p\.m3u8/.test(link)).length;
    return count > this.#playback.qualities.length && this.#playback.qualities.length > 0;
  }

  /** Continues at the same position with another playlist; the last frame stands meanwhile instead of black. */
  async #reopen(url: string): Promise<void> {
    const { currentTime, paused, ended } = this.#video;
    this.#freezeFrame();
    await this.#playback.open(url, { startSeconds: currentTime, play: !paused || ended });
  }

  #freezeFrame(): void {
    const { frozenFrame } = this.#stage;
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return;
    frozenFrame.width = videoWidth;
    frozenFrame.height = videoHeight;
    frozenFrame.getContext('2d')?.drawImage(this.#video, 0, 0);
    setVisible(frozenFrame, true);
    this.#video.addEventListener('loadeddata', () => setVisible(frozenFrame, false), { once: true });
  }

  async #loadStoryboard(url: string | null): Promise<void> {
    if (url === null || this.#storyboardUrl !== null) return;
    this.#storyboardUrl = url;
    const vtt = await this.#ports.fetchText(url).catch(() => '');
    if (this.#controls !== null && !this.#destroyed.signal.aborted) {
      this.#controls.timeline.tiles = parseStoryboard(vtt);
    }
  }
}

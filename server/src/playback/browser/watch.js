/** @import { Video, VideoDetail } from '@reelmill/shared/contracts/videos.ts' */
import { Controls } from './controls.js';
import { find, show } from './elements.js';
import { listLinks } from './linkRenewal.js';
import { Playback } from './playback.js';
import { SignInForm } from './signInForm.js';
import { StatusView } from './statusView.js';
import { parseStoryboard } from './storyboard.js';
import { CallError, VideoClient } from './videoClient.js';

/** How often at most a video that is transcoding is asked whether it has more sizes by now. */
const LOOK_FOR_SIZES_MS = 8_000;

/**
 * The watch page.
 *
 *   sign in ──▶ following (not playable) ──▶ watching early ──▶ watching
 *                  └──▶ failed | canceled          └──▶ failed | canceled
 */
class WatchPage {
  #root = find('main', HTMLElement);
  #video = find('#video', HTMLVideoElement);
  #still = find('#still', HTMLCanvasElement);
  #player = find('#player', HTMLElement);
  #controlBar = find('.controls', HTMLElement);
  #view = new StatusView();
  #client = new VideoClient(
    Number(this.#root.dataset.videoId),
    this.#root.dataset.access === 'link' ? location.search.slice(1) : '',
  );
  #playback = new Playback(this.#video, {
    hlsUrl: this.#root.dataset.hls ?? '',
    fetchPlaybackUrl: () => this.#fetchPlaybackUrl(),
    fetchText: (url) => this.#client.text(url),
    now: () => this.#client.serverNow(),
    onQualities: () => this.#controls?.menu.refresh(),
    onGivenUp: () => this.#giveUp(),
  });
  /** @type {Controls | null} */
  #controls = null;
  #openedStatus = '';
  #waited = false;
  #lookedForSizesAt = 0;
  /** @type {string | null} */
  #storyboardUrl = null;
  #following = new AbortController();

  start() {
    if (this.#root.dataset.access !== 'none') void this.#follow();
    else this.#askToSignIn();
  }

  #askToSignIn() {
    new SignInForm(async (email, password) => {
      await this.#client.login(email, password);
      // whether the video is this person's is known only now
      await this.#client.detail();
      void this.#follow();
    });
  }

  async #follow() {
    try {
      await this.#show(await this.#client.detail());
      for await (const detail of this.#client.changes(this.#following.signal)) await this.#show(detail);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.#showProblem(error);
    }
  }

  /** @param {VideoDetail} detail */
  async #show({ video }) {
    show(this.#player, true);
    this.#view.showVideo(video);
    if (video.cover_url !== null && !this.#video.poster) this.#video.poster = video.cover_url;
    const playable = video.playback_url !== null;
    show(this.#controlBar, playable);
    if (playable) await this.#watch(video, video.playback_url ?? '');
    else if (this.#playback.openUrl !== null) this.#playback.close();
    this.#waited ||= !playable;
    if (video.status !== 'transcoding' && video.status !== 'uploading') this.#following.abort();
  }

  /** @param {Video} video @param {string} url */
  async #watch(video, url) {
    this.#controls ??= new Controls(this.#video, this.#playback);
    this.#controls.timeline.announcedSeconds = video.duration;
    void this.#loadStoryboard(video.storyboard_url);
    if (this.#playback.openUrl === null) {
      this.#openedStatus = video.status;
      await this.#playback.open(url, { startSeconds: 0, play: this.#waited });
    } else if (video.status !== this.#openedStatus || (await this.#hasMoreSizes(video, url))) {
      this.#openedStatus = video.status;
      await this.#reopen(url);
    }
  }

  /** A video in transcoding begins with one small size; the others follow. @param {Video} video @param {string} url */
  async #hasMoreSizes(video, url) {
    if (video.status !== 'transcoding' || Date.now() - this.#lookedForSizesAt < LOOK_FOR_SIZES_MS)
      return false;
    this.#lookedForSizesAt = Date.now();
    const master = await this.#client.text(url).catch(() => '');
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
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return;
    this.#still.width = videoWidth;
    this.#still.height = videoHeight;
    this.#still.getContext('2d')?.drawImage(this.#video, 0, 0);
    show(this.#still, true);
    this.#video.addEventListener('loadeddata', () => show(this.#still, false), { once: true });
  }

  /** @param {string | null} url */
  async #loadStoryboard(url) {
    if (url === null || this.#storyboardUrl !== null) return;
    this.#storyboardUrl = url;
    const vtt = await this.#client.text(url).catch(() => '');
    if (this.#controls) this.#controls.timeline.tiles = parseStoryboard(vtt);
  }

  async #fetchPlaybackUrl() {
    const { video } = await this.#client.detail();
    if (video.playback_url === null) throw new CallError(409, 'state_conflict', 'nothing to play');
    return video.playback_url;
  }

  async #giveUp() {
    try {
      await this.#client.detail();
      this.#view.showNotice('Playback was interrupted', 'Reload the page to go on watching.');
    } catch (error) {
      if (error instanceof CallError) this.#showProblem(error);
    }
  }

  /** @param {CallError} error */
  #showProblem({ status }) {
    this.#playback.close();
    show(this.#controlBar, false);
    show(this.#player, true);
    if (status === 403) {
      this.#view.showNotice('This link has expired', 'Ask its owner for a new one.');
    } else if (status === 404 || status === 401) {
      this.#view.showNotice('Not here', 'This video was deleted, or it is private.');
    } else {
      this.#view.showNotice('No answer from the server', 'Check your connection and reload the page.');
    }
  }
}

new WatchPage().start();

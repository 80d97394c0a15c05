/** @import { GuestVideoDetail, VideoDetail } from '@reelmill/shared/contracts/videos.ts' */
import { show } from './elements.js';
import { ENGLISH_WORDS } from './englishWords.js';
import { find } from './find.js';
import { Player } from './player.js';
import { SignInForm } from './signInForm.js';
import { noticeFor, StatusView } from './statusView.js';
import { CallError, VideoClient } from './videoClient.js';

/**
 * The watch page.
 *
 *   sign in ──▶ following (not playable) ──▶ watching early ──▶ watching
 *                  └──▶ failed | canceled          └──▶ failed | canceled
 */
class WatchPage {
  #root = find('main', HTMLElement);
  #section = find('#player', HTMLElement);
  #view = new StatusView();
  #client = new VideoClient(
    Number(this.#root.dataset.videoId),
    this.#root.dataset.access === 'link' ? location.search.slice(1) : '',
  );
  #player = new Player(this.#section, {
    words: ENGLISH_WORDS,
    // the address carries the version of the file, which a type cannot know
    loadHls: () => import(this.#root.dataset.hls ?? ''),
    fetchPlaybackUrl: () => this.#fetchPlaybackUrl(),
    fetchText: (url) => this.#client.text(url),
    now: () => this.#client.serverNow(),
    onGivenUp: () => this.#offerRetry(),
    playsByItself: true,
  });
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

  /** @param {VideoDetail | GuestVideoDetail} detail */
  async #show({ video }) {
    show(this.#section, true);
    this.#view.showVideo(video);
    const notice = noticeFor(video);
    if (notice !== null) this.#player.showNotice(notice);
    else if (!this.#player.givenUp) this.#player.hideNotice();
    const size = 'width' in video ? video : { width: null, height: null };
    await this.#player.show({ ...video, width: size.width, height: size.height });
    if (video.status !== 'transcoding' && video.status !== 'uploading') this.#following.abort();
  }

  async #fetchPlaybackUrl() {
    const { video } = await this.#client.detail();
    if (video.playback_url === null) throw new CallError(409, 'state_conflict', 'nothing to play');
    return video.playback_url;
  }

  async #offerRetry() {
    this.#player.showNotice({
      title: 'Playback was interrupted',
      text: 'It goes on where it was.',
      action: { label: 'Try again', run: () => this.#retry() },
    });
    // the video itself may be gone
    await this.#client.detail().catch((error) => this.#showProblemOf(error));
  }

  async #retry() {
    this.#player.hideNotice();
    await this.#player.retry().catch((error) => this.#showProblemOf(error));
  }

  /** @param {unknown} error */
  #showProblemOf(error) {
    if (!(error instanceof CallError)) throw error;
    this.#showProblem(error);
  }

  /** @param {CallError} error */
  #showProblem({ status }) {
    this.#player.close();
    show(this.#section, true);
    if (status === 403) {
      this.#player.showNotice({ title: 'This link no longer works', text: 'Ask its owner for a new one.' });
    } else if (status === 404 || status === 401) {
      this.#player.showNotice({ title: 'Not here', text: 'This video was deleted, or it is private.' });
    } else {
      this.#player.showNotice({
        title: 'No answer from the server',
        text: 'Check your connection and reload the page.',
      });
    }
  }
}

new WatchPage().start();

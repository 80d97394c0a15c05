import type { GuestVideoDetail, VideoDetail } from '@reelmill/shared/contracts/videos.ts';
import { setVisible } from '@reelmill/shared/player/elements.ts';
import { ENGLISH_TEXTS } from '@reelmill/shared/player/englishTexts.ts';
import { Player } from '@reelmill/shared/player/player.ts';
import { find } from './find.ts';
import { SignInForm } from './signInForm.ts';
import { noticeFor, StatusView } from './statusView.ts';
import { ApiError, VideoClient } from './videoClient.ts';

/**
 * The watch page.
 *
 *   sign in ──▶ following (not playable) ──▶ watching early ──▶ watching
 *                  └──▶ failed | canceled          └──▶ failed | canceled
 */
class WatchPage {
  readonly #root = find('main', HTMLElement);
  readonly #section = find('#player', HTMLElement);
  readonly #view = new StatusView();
  readonly #client = new VideoClient(
    Number(this.#root.dataset.videoId),
    this.#root.dataset.access === 'link' ? location.search.slice(1) : '',
  );
  readonly #player = new Player(this.#section, {
    texts: ENGLISH_TEXTS,
    // the address carries the version of the file, which a type cannot know
    loadHls: () => import(this.#root.dataset.hls ?? ''),
    fetchPlaybackUrl: () => this.#fetchPlaybackUrl(),
    fetchText: (url) => this.#client.text(url),
    now: () => this.#client.serverNow(),
    onFailed: () => void this.#offerRetry(),
    autoplay: true,
  });
  readonly #following = new AbortController();

  start(): void {
    if (this.#root.dataset.access !== 'none') void this.#follow();
    else this.#askToSignIn();
  }

  #askToSignIn(): void {
    new SignInForm(async (email, password) => {
      await this.#client.login(email, password);
      // throws where the video is not this account's
      await this.#client.detail();
      void this.#follow();
    });
  }

  async #follow(): Promise<void> {
    try {
      await this.#show(await this.#client.detail());
      for await (const detail of this.#client.changes(this.#following.signal)) await this.#show(detail);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#showProblem(error);
    }
  }

  async #show({ video }: VideoDetail | GuestVideoDetail): Promise<void> {
    setVisible(this.#section, true);
    this.#view.showVideo(video);
    const notice = noticeFor(video);
    if (notice !== null) this.#player.showNotice(notice);
    else if (!this.#player.failed) this.#player.hideNotice();
    const size = 'width' in video ? video : { width: null, height: null };
    await this.#player.show({ ...video, width: size.width, height: size.height });
    if (video.status !== 'transcoding' && video.status !== 'uploading') this.#following.abort();
  }

  async #fetchPlaybackUrl(): Promise<string> {
    const { video } = await this.#client.detail();
    if (video.playback_url === null) throw new ApiError(409, 'state_conflict', 'nothing to play');
    return video.playback_url;
  }

  async #offerRetry(): Promise<void> {
    this.#player.showNotice({
      title: 'Playback was interrupted',
      text: 'It resumes where it stopped.',
      action: { label: 'Try again', run: () => void this.#retry() },
    });
    // the video itself may be gone
    await this.#client.detail().catch((error) => this.#showProblemOf(error));
  }

  async #retry(): Promise<void> {
    this.#player.hideNotice();
    await this.#player.retry().catch((error) => this.#showProblemOf(error));
  }

  #showProblemOf(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.#showProblem(error);
  }

  #showProblem({ status }: ApiError): void {
    this.#player.close();
    setVisible(this.#section, true);
    if (status === 403) {
      this.#player.showNotice({ title: 'This link no longer works', text: 'Ask its owner for a new one.' });
    } else if (status === 404 || status === 401) {
      this.#player.showNotice({ title: 'Not here', text: 'This video was deleted, or it is private.' });
    } else {
      this.#player.showNotice({
        title: 'The server does not respond',
        text: 'Check your connection and reload the page.',
      });
    }
  }
}

new WatchPage().start();

import type {
  Video,
  VideoDetail,
  VideoList,
  VideoListQuery,
  VideoUpdate,
} from '@reelmill/shared/contracts/videos.ts';
import type { SessionService } from '../session/sessionService.ts';

/** Where links go that are to be pasted elsewhere. */
export interface Clipboard {
  writeText(text: string): void;
}

/** The videos of whoever is signed in. Failures are the API's own errors. */
export class LibraryService {
  readonly #session: SessionService;
  readonly #clipboard: Clipboard;

  constructor(session: SessionService, clipboard: Clipboard) {
    this.#session = session;
    this.#clipboard = clipboard;
  }

  list(query: Partial<VideoListQuery>): Promise<VideoList> {
    return this.#session.call((api, signal) => api.listVideos(query, signal));
  }

  get(videoId: number): Promise<VideoDetail> {
    return this.#session.call((api, signal) => api.getVideo(videoId, signal));
  }

  update(videoId: number, patch: VideoUpdate): Promise<Video> {
    return this.#session.call((api, signal) => api.updateVideo(videoId, patch, signal));
  }

  delete(videoId: number): Promise<void> {
    return this.#session.call((api, signal) => api.deleteVideo(videoId, signal));
  }

  /** Transcodes a video again that failed or was canceled. */
  retry(videoId: number): Promise<void> {
    return this.#session.call((api, signal) => api.retryVideo(videoId, signal));
  }

  cancel(videoId: number): Promise<void> {
    return this.#session.call((api, signal) => api.cancelVideo(videoId, signal));
  }

  /**
   * Puts the address of a video's page on the clipboard. A private video's page opens for nobody else, so it becomes
   * unlisted first: whoever has the link can watch it.
   */
  async copyLink(videoId: number): Promise<{ url: string; madeUnlisted: boolean }> {
    const { video } = await this.get(videoId);
    const madeUnlisted = video.visibility === 'private';
    const shared = madeUnlisted ? await this.update(videoId, { visibility: 'unlisted' }) : video;
    this.#clipboard.writeText(shared.watch_url);
    return { url: shared.watch_url, madeUnlisted };
  }

  /** Revokes every link to a video. Where it is unlisted, its new link is put on the clipboard, to be shared again. */
  async renewLink(videoId: number): Promise<Video> {
    const video = await this.#session.call((api, signal) => api.renewLink(videoId, signal));
    if (video.visibility === 'unlisted') this.#clipboard.writeText(video.watch_url);
    return video;
  }
}

import type {
  Video,
  VideoDetail,
  VideoList,
  VideoListQuery,
  VideoUpdate,
} from '@reelmill/shared/contracts/videos.ts';
import type { SessionService } from '../session/sessionService.ts';

/** The system's clipboard. */
export interface Clipboard {
  writeText(text: string): void;
}

/** The videos of the account that is signed in. Throws the API's own errors. */
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

  /** Transcodes a failed or canceled video again. */
  retry(videoId: number): Promise<void> {
    return this.#session.call((api, signal) => api.retryVideo(videoId, signal));
  }

  cancel(videoId: number): Promise<void> {
    return this.#session.call((api, signal) => api.cancelVideo(videoId, signal));
  }

  /**
   * Copies the link to a video's page to the clipboard. A private video becomes unlisted first, so that everyone with the
   * link can watch it. Returns the link, and whether the video was private.
   */
  async copyLink(videoId: number): Promise<{ url: string; madeUnlisted: boolean }> {
    const { video } = await this.get(videoId);
    const madeUnlisted = video.visibility === 'private';
    const shared = madeUnlisted ? await this.update(videoId, { visibility: 'unlisted' }) : video;
    this.#clipboard.writeText(shared.watch_url);
    return { url: shared.watch_url, madeUnlisted };
  }

  /** Revokes every link to a video and returns it with the new one, which is copied to the clipboard if it is unlisted. */
  async renewLink(videoId: number): Promise<Video> {
    const video = await this.#session.call((api, signal) => api.renewLink(videoId, signal));
    if (video.visibility === 'unlisted') this.#clipboard.writeText(video.watch_url);
    return video;
  }
}

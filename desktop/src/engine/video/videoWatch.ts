import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ApiClient } from '../api/apiClient.ts';
import type { Retrier } from '../flow/retry.ts';
import type { Clock } from '../ports/ports.ts';
import { isFinal } from './followVideo.ts';

/** How many videos one call can return. */
const MAX_IDS = 100;
/** Requests within this time share a call. */
const BATCH_DELAY_MS = 20;

interface PendingRequest {
  videoId: number;
  resolve: (video: Video) => void;
  reject: (error: unknown) => void;
}

export interface FollowRequest {
  videoId: number;
  retrier: Retrier;
  signal: AbortSignal;
  /** Called with every version, including the last one. */
  onVideo: (video: Video) => void;
}

/**
 * Follows many videos at once: one call returns up to a hundred of them, and the more there are, the less often each is
 * polled. However long the queue is, the server receives about one call every `pollMs`.
 */
export class VideoWatch {
  readonly #api: ApiClient;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #controller = new AbortController();
  #followed = 0;
  #pending: PendingRequest[] = [];

  constructor(options: { api: ApiClient; clock: Clock; pollMs: number }) {
    this.#api = options.api;
    this.#clock = options.clock;
    this.#pollMs = options.pollMs;
  }

  /** Polls a video until it is online, failed or canceled, and returns its final version. */
  async follow({ videoId, retrier, signal, onVideo }: FollowRequest): Promise<Video> {
    this.#followed += 1;
    try {
      for (;;) {
        const video = await retrier.run('ask for the video', signal, () => this.#fetch(videoId, signal));
        onVideo(video);
        if (isFinal(video)) return video;
        await this.#clock.sleep(this.#pollMs * Math.ceil(this.#followed / MAX_IDS), signal);
      }
    } finally {
      this.#followed -= 1;
    }
  }

  /** Aborts the running call. */
  close(): void {
    this.#controller.abort();
  }

  #fetch(videoId: number, signal: AbortSignal): Promise<Video> {
    if (this.#pending.length === 0) this.#clock.schedule(BATCH_DELAY_MS, () => void this.#fetchPending());
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new ReelmillError('aborted', 'The upload was stopped.'));
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      const leave = (): void => signal.removeEventListener('abort', stop);
      this.#pending.push({
        videoId,
        resolve: (video) => {
          leave();
          resolve(video);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      });
    });
  }

  async #fetchPending(): Promise<void> {
    const requests = this.#pending;
    this.#pending = [];
    for (let start = 0; start < requests.length; start += MAX_IDS) {
      await this.#fetchBatch(requests.slice(start, start + MAX_IDS));
    }
  }

  async #fetchBatch(requests: readonly PendingRequest[]): Promise<void> {
    try {
      const ids = requests.map(({ videoId }) => videoId).join(',');
      const { videos } = await this.#api.listVideos({ ids, limit: MAX_IDS }, this.#controller.signal);
      const byId = new Map(videos.map((video) => [video.id, video]));
      for (const { videoId, resolve, reject } of requests) {
        const video = byId.get(videoId);
        if (video === undefined) reject(new ReelmillError('not_found', 'There is no such video.'));
        else resolve(video);
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}

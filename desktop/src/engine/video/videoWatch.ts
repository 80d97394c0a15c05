import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ApiClient } from '../api/apiClient.ts';
import type { Retrier } from '../flow/retry.ts';
import type { Clock } from '../ports/ports.ts';
import { isFinal } from './followVideo.ts';

/** What one call may ask for. */
const MAX_IDS = 100;
/** Whoever asks within this time shares a call. */
const GATHER_MS = 20;

interface Question {
  videoId: number;
  resolve: (video: Video) => void;
  reject: (error: unknown) => void;
}

export interface FollowRequest {
  videoId: number;
  retrier: Retrier;
  signal: AbortSignal;
  /** Called with every answer, the last one included. */
  onVideo: (video: Video) => void;
}

/**
 * Follows many videos at once: one call asks for a hundred of them, and the more there are, the less often each is
 * asked for. However long the queue is, the server meets about one call in `pollMs`.
 */
export class VideoWatch {
  readonly #api: ApiClient;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #controller = new AbortController();
  #followed = 0;
  #questions: Question[] = [];

  constructor(options: { api: ApiClient; clock: Clock; pollMs: number }) {
    this.#api = options.api;
    this.#clock = options.clock;
    this.#pollMs = options.pollMs;
  }

  /** Watches a video until it is online, failed or canceled, and answers it as it is then. */
  async follow({ videoId, retrier, signal, onVideo }: FollowRequest): Promise<Video> {
    this.#followed += 1;
    try {
      for (;;) {
        const video = await retrier.run('ask for the video', signal, () => this.#ask(videoId, signal));
        onVideo(video);
        if (isFinal(video)) return video;
        await this.#clock.sleep(this.#pollMs * Math.ceil(this.#followed / MAX_IDS), signal);
      }
    } finally {
      this.#followed -= 1;
    }
  }

  /** Ends the call that is on its way. */
  close(): void {
    this.#controller.abort();
  }

  #ask(videoId: number, signal: AbortSignal): Promise<Video> {
    if (this.#questions.length === 0) this.#clock.schedule(GATHER_MS, () => void this.#askAll());
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new ReelmillError('aborted', 'The upload was stopped.'));
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      const leave = (): void => signal.removeEventListener('abort', stop);
      this.#questions.push({
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

  async #askAll(): Promise<void> {
    const questions = this.#questions;
    this.#questions = [];
    for (let start = 0; start < questions.length; start += MAX_IDS) {
      await this.#answer(questions.slice(start, start + MAX_IDS));
    }
  }

  async #answer(questions: readonly Question[]): Promise<void> {
    try {
      const ids = questions.map(({ videoId }) => videoId).join(',');
      const { videos } = await this.#api.listVideos({ ids, limit: MAX_IDS }, this.#controller.signal);
      const byId = new Map(videos.map((video) => [video.id, video]));
      for (const { videoId, resolve, reject } of questions) {
        const video = byId.get(videoId);
        if (video === undefined) reject(new ReelmillError('not_found', 'There is no such video.'));
        else resolve(video);
      }
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }
}

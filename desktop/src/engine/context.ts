import type { ApiClient } from './api/apiClient.ts';
import type { SessionEndError } from './api/session.ts';
import type { RateLimiter } from './flow/rateLimiter.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './flow/retry.ts';
import type { Clock, Digests, FileSource, HttpTransport, Journal } from './ports/ports.ts';
import type { VideoWatch } from './video/videoWatch.ts';

export interface UploadSettings {
  /** Parts of one file that are sent at the same time. */
  partConcurrency: number;
  /** Files that are sent at the same time. */
  fileConcurrency: number;
  /** Parts that are signed with one call. */
  urlWindow: number;
  /** A request on which nothing moves for so long is aborted and made again. */
  stallMs: number;
  /**
   * How long a store may take to answer after the last byte was handed to the operating system, whose buffers take
   * their time to empty on a slow line.
   */
  responseMs: number;
  progressIntervalMs: number;
  pollMs: number;
  /** Whether a finished upload is followed until the video is online. */
  follow: boolean;
  retry: RetryPolicy;
  /** Whether uploads wait for the next login where the session has ended; otherwise they fail. */
  holdWhenSignedOut: boolean;
}

export const DEFAULT_SETTINGS: UploadSettings = {
  partConcurrency: 4,
  fileConcurrency: 2,
  urlWindow: 8,
  stallMs: 30_000,
  responseMs: 120_000,
  progressIntervalMs: 500,
  pollMs: 1_500,
  follow: true,
  retry: DEFAULT_RETRY,
  holdWhenSignedOut: false,
};

/** What every upload of one account shares. */
export interface UploadContext {
  api: ApiClient;
  transport: HttpTransport;
  files: FileSource;
  journal: Journal;
  clock: Clock;
  digests: Digests;
  limiter: RateLimiter;
  videos: VideoWatch;
  /** Server and account, so that journals of different ones do not meet. */
  scope: string;
  settings: UploadSettings;
  /** Nobody is logged in any more. */
  onSessionEnd: (error: SessionEndError) => void;
  /** Whether the saved queue is what the queue is now; true where none is saved. */
  whenQueueSaved: () => Promise<boolean>;
}

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
  /** Parts whose URLs are signed with one call. */
  urlWindow: number;
  /** A request that transfers no data for so long is aborted and retried. */
  stallMs: number;
  /**
   * How long a store may take to respond after the last byte was passed to the operating system, whose buffers take time
   * to drain on a slow connection.
   */
  responseMs: number;
  progressIntervalMs: number;
  pollMs: number;
  /** Whether a finished upload is followed until the video is online. */
  follow: boolean;
  retry: RetryPolicy;
  /** Whether uploads wait for the next login when the session has ended; otherwise they fail. */
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
  /** Server and account, so that journal entries of different accounts have different keys. */
  scope: string;
  settings: UploadSettings;
  /** Called when the server has ended the session. */
  onSessionEnd: (error: SessionEndError) => void;
  /** Resolves, once that is known, to whether the present queue is on disk; to true where none is saved. */
  whenQueueSaved: () => Promise<boolean>;
}

import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { VideoPhase, VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import type { UploadState } from './states.ts';

/** What failed: the upload, the transcode in the farm, or only the view of it from here. */
export type FailureStage = 'upload' | 'transcode' | 'follow';

export interface UploadFailure {
  stage: FailureStage;
  code: ErrorCode;
  message: string;
}

/** What is known of the video after its upload; `progress` is a percentage. */
export interface VideoProgress {
  status: VideoStatus;
  phase: VideoPhase | null;
  progress: number;
  etaSeconds: number | null;
  playable: boolean;
  watchUrl: string;
}

/** Everything there is to show about one upload, at one moment. */
export interface UploadSnapshot {
  id: string;
  path: string;
  fileName: string;
  title: string | null;
  state: UploadState;
  videoId: number | null;
  /** Null until the file has been looked at. */
  sizeBytes: number | null;
  /** What the store has confirmed. */
  acknowledgedBytes: number;
  /** What the store has confirmed, and what is on its way to it. */
  sentBytes: number;
  /** What was in the store when the upload was resumed. */
  keptBytes: number;
  bytesPerSecond: number | null;
  etaSeconds: number | null;
  /** How often the upload began anew because the file had changed or the upload was gone. */
  restarts: number;
  failure: UploadFailure | null;
  video: VideoProgress | null;
}

export type RestartReason = 'file_changed' | 'upload_gone';

export type UploadEvent =
  | { type: 'added'; upload: UploadSnapshot }
  | { type: 'state'; upload: UploadSnapshot; from: UploadState }
  | { type: 'progress'; upload: UploadSnapshot }
  | { type: 'resumed'; upload: UploadSnapshot; keptParts: number; partCount: number }
  | { type: 'restarted'; upload: UploadSnapshot; reason: RestartReason }
  | {
      type: 'retrying';
      upload: UploadSnapshot;
      call: string;
      attempt: number;
      waitMs: number;
      code: ErrorCode;
      message: string;
    }
  | { type: 'video'; upload: UploadSnapshot }
  | { type: 'moved'; order: string[] }
  | { type: 'removed'; id: string };

export type UploadListener = (event: UploadEvent) => void;

/** Listeners are called in the order in which they came; one may leave while it is called. */
export class EventStream {
  readonly #listeners = new Set<UploadListener>();

  /** Answers the function that ends the subscription. */
  subscribe(listener: UploadListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: UploadEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

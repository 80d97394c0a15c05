import type { SessionEnd, UploadSnapshot, UploadState } from '@reelmill/shared/contracts/desktop.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';

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
  /** A call that had to be made again went well. */
  | { type: 'recovered'; upload: UploadSnapshot }
  | { type: 'video'; upload: UploadSnapshot }
  /** The title or the path is another one, or the server was told what it did not know. */
  | { type: 'changed'; upload: UploadSnapshot }
  | { type: 'moved'; order: string[] }
  | { type: 'removed'; id: string }
  /** Nobody is logged in any more: what was running waits. */
  | { type: 'signedOut'; code: SessionEnd; message: string };

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

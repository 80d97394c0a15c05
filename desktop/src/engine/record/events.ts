import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { SessionEnd, UploadSnapshot, UploadState } from '../../contracts/desktop.ts';

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
  /** A call that was retried succeeded. */
  | { type: 'recovered'; upload: UploadSnapshot }
  | { type: 'video'; upload: UploadSnapshot }
  /** The title or the path changed, or the server received a pending update. */
  | { type: 'changed'; upload: UploadSnapshot }
  | { type: 'moved'; order: string[] }
  | { type: 'removed'; id: string }
  /** The session has ended: what was being sent waits for the next login. */
  | { type: 'signedOut'; code: SessionEnd; message: string };

export type UploadListener = (event: UploadEvent) => void;

/** Calls listeners in the order in which they subscribed; a listener may unsubscribe while it is called. */
export class EventStream {
  readonly #listeners = new Set<UploadListener>();

  /** Returns a function that ends the subscription. */
  subscribe(listener: UploadListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: UploadEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

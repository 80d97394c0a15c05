import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { endsSession } from '../api/session.ts';
import type { UploadContext } from '../context.ts';
import { Retrier } from '../flow/retry.ts';
import type { UploadRecord } from '../record/uploadRecord.ts';
import type { Transfer } from './transfer.ts';

/**
 * What the server does not know yet of one upload: its new title, or that it was canceled. Both are sent independently
 * of the upload's own run and hold nothing up: while the server cannot be reached, they are retried in the background.
 */
export class PendingServerUpdates {
  readonly #context: UploadContext;
  readonly #record: UploadRecord;
  readonly #transfer: Transfer;
  readonly #retrier: Retrier;
  readonly #closing = new AbortController();
  #sending: Promise<void> | null = null;
  #attemptFailed = Promise.withResolvers<void>();

  constructor(context: UploadContext, record: UploadRecord, transfer: Transfer) {
    this.#context = context;
    this.#record = record;
    this.#transfer = transfer;
    this.#retrier = new Retrier(context.clock, context.settings.retry, {
      onRetry: () => {
        this.#attemptFailed.resolve();
        this.#attemptFailed = Promise.withResolvers();
      },
    });
  }

  /** Sends in the background whatever is due, with retries. Does nothing while that is under way, or after `close`. */
  send(): void {
    if (this.#nextUpdate() === null || this.#closing.signal.aborted) return;
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when nothing is being sent any more, or with the next attempt that fails: its retry stays in the background. */
  async whenAttempted(): Promise<void> {
    await Promise.race([this.#sending, this.#attemptFailed.promise]);
  }

  /** Retries now what waits for its next attempt. */
  retryNow(): void {
    this.#retrier.retryNow();
  }

  /** Stops sending; what has not been sent stays due. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#closing;
    try {
      for (let send = this.#nextUpdate(); send !== null && !signal.aborted; send = this.#nextUpdate()) {
        await send(signal);
      }
    } catch (error) {
      if (endsSession(error)) this.#context.onSessionEnd(error);
    } finally {
      this.#sending = null;
    }
  }

  #nextUpdate(): ((signal: AbortSignal) => Promise<void>) | null {
    const { abortDue, titleDue, videoId, title, state } = this.#record;
    if (abortDue) return (signal) => this.#abort(signal);
    if (!titleDue || videoId === null || title === null || state === 'canceled') return null;
    return (signal) => this.#rename(videoId, title, signal);
  }

  async #abort(signal: AbortSignal): Promise<void> {
    await this.#transfer.abort(signal, this.#retrier);
    this.#record.markAbortSent();
  }

  async #rename(videoId: number, title: string, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    try {
      await this.#retrier.run('rename the video', signal, () => api.updateVideo(videoId, { title }, signal));
    } catch (error) {
      // a video that is gone or a title that is rejected: sending it again would change nothing
      const isFinal = error instanceof ReelmillError && !error.retryable && !endsSession(error);
      if (!isFinal || signal.aborted) throw error;
    }
    this.#record.markTitleSent(title);
  }
}

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { endsSession } from '../api/session.ts';
import type { UploadContext } from '../context.ts';
import { Retrier } from '../flow/retry.ts';
import type { UploadRecord } from '../record/uploadRecord.ts';
import type { Transfer } from './transfer.ts';

/**
 * What the server must still be told of one upload: its new title, or that it was given up. Neither waits for a run of
 * the upload, and neither holds anything up: where the server cannot be reached, it is told later.
 */
export class PendingServerUpdates {
  readonly #context: UploadContext;
  readonly #record: UploadRecord;
  readonly #transfer: Transfer;
  readonly #retrier: Retrier;
  readonly #controller = new AbortController();
  #running: Promise<void> | null = null;
  #onSetback: (() => void)[] = [];

  constructor(context: UploadContext, record: UploadRecord, transfer: Transfer) {
    this.#context = context;
    this.#record = record;
    this.#transfer = transfer;
    this.#retrier = new Retrier(context.clock, context.settings.retry, {
      onRetry: () => {
        for (const resolve of this.#onSetback.splice(0)) resolve();
      },
    });
  }

  /** Does what is due; resolves when it is done, or with the first try that failed: the others are made by themselves. */
  async run(): Promise<void> {
    if (this.#next() === null || this.#controller.signal.aborted) return;
    this.#running ??= this.#runAll();
    const done = this.#running;
    return new Promise((resolve) => {
      this.#onSetback.push(resolve);
      void done.then(resolve);
    });
  }

  /** Where the last try failed, makes the next one now. */
  retryNow(): void {
    this.#retrier.retryNow();
  }

  /** What is not done yet stays due. */
  async close(): Promise<void> {
    this.#controller.abort();
    await this.#running;
  }

  async #runAll(): Promise<void> {
    const { signal } = this.#controller;
    try {
      for (let next = this.#next(); next !== null && !signal.aborted; next = this.#next()) await next(signal);
    } catch (error) {
      if (endsSession(error)) this.#context.onSessionEnd(error);
    } finally {
      this.#running = null;
    }
  }

  #next(): ((signal: AbortSignal) => Promise<void>) | null {
    const { abortDue, titleDue, videoId, title, state } = this.#record;
    if (abortDue) return (signal) => this.#abort(signal);
    if (!titleDue || videoId === null || title === null || state === 'canceled') return null;
    return (signal) => this.#rename(videoId, title, signal);
  }

  async #abort(signal: AbortSignal): Promise<void> {
    await this.#transfer.giveUp(signal, this.#retrier);
    this.#record.markAbortSent();
  }

  async #rename(videoId: number, title: string, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    try {
      await this.#retrier.run('rename the video', signal, () => api.updateVideo(videoId, { title }, signal));
    } catch (error) {
      // a video that is gone, or a title that is refused: telling it again would change nothing
      const isFinal = error instanceof ReelmillError && !error.retryable && !endsSession(error);
      if (!isFinal || signal.aborted) throw error;
    }
    this.#record.markTitleSent(title);
  }
}

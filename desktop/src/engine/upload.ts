import type { FailureStage, UploadSnapshot, UploadState } from '@reelmill/shared/contracts/desktop.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadContext } from './context.ts';
import { followVideo, isFinal } from './follow.ts';
import { Retrier } from './retry.ts';
import { takesSlot } from './states.ts';
import { Transfer } from './transfer.ts';
import type { UploadRecord } from './uploadRecord.ts';

interface Run {
  controller: AbortController;
  done: Promise<void>;
}

/**
 * One upload and what the user may do with it; states and transitions are in states.ts. At most one run is under way:
 * sending, or following the video afterwards. Whoever wants another state aborts the run, waits for its end, and then
 * moves: a run that was aborted changes no state itself.
 */
export class Upload {
  readonly #context: UploadContext;
  readonly #record: UploadRecord;
  readonly #retrier: Retrier;
  readonly #transfer: Transfer;
  #run: Run | null = null;

  constructor(context: UploadContext, record: UploadRecord) {
    this.#context = context;
    this.#record = record;
    this.#retrier = new Retrier(context.clock, context.settings.retry, {
      onRetry: (notice) => record.reportRetry(notice),
      onRecovery: () => record.reportRecovery(),
    });
    this.#transfer = new Transfer(context, record, this.#retrier);
  }

  get id(): string {
    return this.#record.id;
  }

  get path(): string {
    return this.#record.path;
  }

  get state(): UploadState {
    return this.#record.state;
  }

  get snapshot(): UploadSnapshot {
    return this.#record.snapshot;
  }

  /** Sends the file; resolves as soon as it does not need its slot any more, whatever came of it. */
  send(): Promise<void> {
    return this.#start(async (signal) => {
      const video = await this.#transfer.run(signal);
      this.#record.move('processing');
      this.#record.handOver(video);
      if (isFinal(video)) this.#settle(video);
    }, 'upload').then(() => this.#followIfWanted());
  }

  /** Stops sending; the store keeps what it has. */
  async pause(): Promise<void> {
    if (this.state === 'waiting') return this.#record.move('paused');
    if (!takesSlot(this.state)) return;
    await this.#stop();
    // the last part may have been the end of it
    if (takesSlot(this.state)) this.#record.move('paused');
  }

  /** Puts a paused or failed upload back into the queue. */
  wait(): void {
    this.#record.move('waiting');
  }

  /** Gives the upload up here and on the server, or stops the transcode; throws where the server cannot be told. */
  async cancel(): Promise<void> {
    if (this.state === 'online' || this.state === 'canceled') return;
    await this.#stop();
    const { signal } = new AbortController();
    try {
      const videoId = this.#record.videoId;
      if (this.#isOnServer && videoId !== null) {
        await this.#retrier.run('cancel the video', signal, () =>
          this.#context.api.cancelVideo(videoId, signal),
        );
      } else await this.#transfer.giveUp(signal);
    } catch (error) {
      this.#record.fail(error, 'upload');
      throw error;
    }
    this.#record.move('canceled');
  }

  /** Tries again what failed: the transcode where that failed, otherwise the upload from where it was. */
  async retry(): Promise<void> {
    const { videoId, failure } = this.#record;
    if (this.state !== 'failed') {
      throw new ReelmillError('state_conflict', 'Only what failed can be tried again.');
    }
    if (!this.#isOnServer || videoId === null) return this.wait();
    const { signal } = new AbortController();
    if (failure?.stage === 'transcode') await this.#context.api.retryVideo(videoId, signal);
    this.#record.move('processing');
    this.#followIfWanted();
  }

  /** Stops whatever runs here; nothing changes on the server. */
  async close(): Promise<void> {
    await this.#stop();
  }

  get #isOnServer(): boolean {
    const stage = this.#record.failure?.stage;
    return this.state === 'processing' || stage === 'transcode' || stage === 'follow';
  }

  #followIfWanted(): void {
    const { videoId } = this.#record;
    if (this.state !== 'processing' || videoId === null || !this.#context.settings.follow) return;
    void this.#start(async (signal) => {
      const { api, clock, settings } = this.#context;
      const video = await followVideo({
        api,
        clock,
        retrier: this.#retrier,
        videoId,
        pollMs: settings.pollMs,
        signal,
        onVideo: (version) => this.#record.showVideo(version),
      });
      this.#settle(video);
    }, 'follow');
  }

  #settle(video: Video): void {
    if (video.status === 'online') this.#record.move('online');
    else if (video.status === 'canceled') this.#record.move('canceled');
    else {
      const { code, message } = video.error ?? { code: 'internal', message: 'The video failed.' };
      this.#record.fail(new ReelmillError(code, message), 'transcode');
    }
  }

  #start(work: (signal: AbortSignal) => Promise<void>, stage: FailureStage): Promise<void> {
    const controller = new AbortController();
    const done = work(controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) this.#record.fail(error, stage);
      })
      .finally(() => {
        this.#run = null;
      });
    this.#run = { controller, done };
    return done;
  }

  async #stop(): Promise<void> {
    // a transfer that ends just now may begin to follow its video
    for (let run = this.#run; run !== null; run = this.#run) {
      run.controller.abort();
      await run.done;
    }
  }
}

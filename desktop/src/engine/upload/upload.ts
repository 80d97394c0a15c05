import type { FailureStage, UploadSnapshot, UploadState } from '@reelmill/shared/contracts/desktop.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { endsSession } from '../api/session.ts';
import type { UploadContext } from '../context.ts';
import { BackgroundTask } from '../flow/backgroundTask.ts';
import { Retrier } from '../flow/retry.ts';
import type { QueueEntry } from '../ports/queueEntry.ts';
import type { UploadRecord } from '../record/uploadRecord.ts';
import { takesSlot } from '../record/uploadStates.ts';
import { isFinal } from '../video/followVideo.ts';
import { PendingServerUpdates } from './pendingServerUpdates.ts';
import { Transfer } from './transfer.ts';

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
  readonly #serverUpdates: PendingServerUpdates;
  readonly #task = new BackgroundTask();
  readonly #whenFree: Promise<void> | undefined;
  #isRelocating = false;
  #isClosed = false;
  /** The journal is put away when the saved queue says that the file is on the server. */
  #tidying: Promise<void> = Promise.resolve();

  /** `whenFree` resolves when an earlier upload of the same file has put its journal away. */
  constructor(context: UploadContext, record: UploadRecord, whenFree?: Promise<void>) {
    this.#whenFree = whenFree;
    this.#context = context;
    this.#record = record;
    this.#retrier = new Retrier(context.clock, context.settings.retry, {
      onRetry: (notice) => record.reportRetry(notice),
      onRecovery: () => record.reportRecovery(),
    });
    this.#transfer = new Transfer(context, record, this.#retrier, () => this.#sendServerUpdates());
    this.#serverUpdates = new PendingServerUpdates(context, record, this.#transfer);
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

  get entry(): QueueEntry {
    return this.#record.entry;
  }

  /** Whether it waits for nothing but a slot. */
  get isReady(): boolean {
    return this.state === 'waiting' && !this.#task.isRunning && !this.#isRelocating && !this.#isClosed;
  }

  /** Sends the file; resolves as soon as it does not need its slot any more, whatever came of it. */
  send(): Promise<void> {
    const sent = this.#task.start(
      async (signal) => {
        if (this.#whenFree !== undefined) await this.#whenFree;
        const video = await this.#transfer.run(signal);
        this.#record.move('processing');
        this.#record.markUploaded(video);
        this.#tidying = this.#forgetWhenSaved();
        this.#sendServerUpdates();
        if (isFinal(video)) this.#settle(video);
      },
      (error) => this.#fail(error, 'upload'),
    );
    return sent.then(() => this.#followIfWanted());
  }

  /** Goes on with whatever needs no slot: following the video, and what the server must still be told. */
  resume(): void {
    if (!this.#task.isRunning) this.#followIfWanted();
    this.#sendServerUpdates();
  }

  /** Stops sending; the store keeps what it has. */
  async pause(): Promise<void> {
    if (this.state !== 'waiting' && !takesSlot(this.state)) return;
    await this.#task.stop();
    // the last part may have been the end of it
    if (this.state === 'waiting' || takesSlot(this.state)) this.#record.move('paused');
    else this.resume();
  }

  /** Stops sending for now: it goes on when there is a slot again. */
  async requeue(): Promise<void> {
    await this.#task.stop();
    if (takesSlot(this.state)) this.#record.move('waiting');
    else this.resume();
  }

  /** Puts a paused or failed upload back into the queue. */
  wait(): void {
    this.#record.move('waiting');
  }

  /** Whatever failed and waits is tried again now. */
  retryNow(): void {
    this.#retrier.retryNow();
    this.#serverUpdates.retryNow();
    this.#sendServerUpdates();
  }

  /** Tells the server as soon as it can be reached, however the upload stands. Throws `state_conflict` once canceled. */
  async rename(title: string): Promise<void> {
    this.#record.rename(title);
    this.#sendServerUpdates();
    await this.#transfer.retitle(title);
  }

  /**
   * Goes on with the same file at another path. Throws `state_conflict` unless the upload is paused or failed before
   * the file was on the server, and `file_changed` where it is another file; nothing has changed then.
   */
  async relocate(path: string, signal: AbortSignal): Promise<void> {
    if ((this.state !== 'paused' && this.state !== 'failed') || this.#isOnServer || this.#isRelocating) {
      throw new ReelmillError('state_conflict', 'Only what is paused or failed can be given another file.');
    }
    this.#isRelocating = true;
    try {
      await this.#transfer.relocate(path, signal);
    } finally {
      this.#isRelocating = false;
    }
    if (this.state === 'failed') this.wait();
  }

  /** Sends a file although the server has a video of it; throws `state_conflict` where that was not the matter. */
  uploadAnyway(): void {
    if (this.#record.failure?.code !== 'duplicate') {
      throw new ReelmillError('state_conflict', 'Nothing speaks against this upload.');
    }
    this.#record.allowDuplicates();
    this.wait();
  }

  /**
   * Gives the upload up here at once, and on the server now or as soon as it can be told. A transcode is stopped on the
   * server first; throws where that does not work, and the upload stays as it is.
   */
  async cancel(): Promise<void> {
    if (this.state === 'online' || this.state === 'canceled') return;
    if (this.#isOnServer) return this.#cancelVideo();
    if (this.#task.isRunning) await this.#task.stop();
    // the end may have come first
    if (this.#isOnServer) return this.#cancelVideo();
    this.#record.giveUp();
    await this.#serverUpdates.run();
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

  /** Forgets here what was begun; the server gives it up by itself, or finds it for the same file. */
  async forget(): Promise<void> {
    await this.close();
    await this.#transfer.forget();
  }

  /** Stops whatever runs here; nothing changes on the server. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#task.stop();
    await this.#serverUpdates.close();
  }

  /** Resolves when nothing is being put away any more. */
  get tidied(): Promise<void> {
    return this.#tidying;
  }

  get #isOnServer(): boolean {
    const stage = this.#record.failure?.stage;
    return this.state === 'processing' || stage === 'transcode' || stage === 'follow';
  }

  #sendServerUpdates(): void {
    if (!this.#isClosed) void this.#serverUpdates.run();
  }

  async #cancelVideo(): Promise<void> {
    const { videoId, state } = this.#record;
    if (videoId === null)
      throw new ReelmillError('state_conflict', `An upload that is ${state} has no video.`);
    const { signal } = new AbortController();
    try {
      await this.#context.api.cancelVideo(videoId, signal);
    } catch (error) {
      this.resume();
      throw error;
    }
    await this.#task.stop();
    // who followed it may have been told already
    if (this.state !== 'canceled') this.#record.move('canceled');
  }

  async #forgetWhenSaved(): Promise<void> {
    // a journal that stays is no harm: the server will say what became of the upload
    if (await this.#context.whenQueueSaved()) await this.#transfer.forget().catch(() => undefined);
  }

  #followIfWanted(): void {
    const { videoId } = this.#record;
    const wanted = this.#context.settings.follow && !this.#isClosed;
    if (this.state !== 'processing' || videoId === null || !wanted) return;
    void this.#task.start(
      async (signal) => {
        const video = await this.#context.videos.follow({
          videoId,
          retrier: this.#retrier,
          signal,
          onVideo: (version) => this.#record.showVideo(version),
        });
        this.#settle(video);
      },
      (error) => this.#fail(error, 'follow'),
    );
  }

  #settle(video: Video): void {
    if (video.status === 'online') this.#record.move('online');
    else if (video.status === 'canceled') this.#record.move('canceled');
    else {
      const { code, message } = video.error ?? { code: 'internal', message: 'The video failed.' };
      this.#record.fail(new ReelmillError(code, message), 'transcode');
    }
  }

  #fail(error: unknown, stage: FailureStage): void {
    const { settings, onSessionEnd } = this.#context;
    if (!settings.holdWhenSignedOut || !endsSession(error)) {
      this.#record.fail(error, stage);
      return;
    }
    onSessionEnd(error);
    if (takesSlot(this.state)) this.#record.move('waiting');
  }
}

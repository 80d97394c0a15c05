import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { FailureStage, UploadSnapshot, UploadState } from '../../contracts/desktop.ts';
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
 * One upload and what the user may do with it; states and transitions are in uploadStates.ts. At most one task runs:
 * sending the file, or following its video afterwards. A command that needs another state stops the task, and decides
 * by the state in which the task ended: an aborted task changes no state, but it may have finished just before.
 */
export class Upload {
  readonly #context: UploadContext;
  readonly #record: UploadRecord;
  readonly #retrier: Retrier;
  readonly #transfer: Transfer;
  readonly #serverUpdates: PendingServerUpdates;
  readonly #task = new BackgroundTask();
  readonly #previousCleanup: Promise<void> | undefined;
  #isRelocating = false;
  /** Commands that are stopping the task just now: until they have moved the upload, no slot takes it up. */
  #stopping = 0;
  #isClosed = false;
  /** Removes the journal once the saved queue says that the file is on the server. */
  #cleanup: Promise<void> = Promise.resolve();

  /** `previousCleanup` resolves when an earlier upload of the same file has removed its journal. */
  constructor(context: UploadContext, record: UploadRecord, previousCleanup?: Promise<void>) {
    this.#previousCleanup = previousCleanup;
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
    const isBusy = this.#task.isRunning || this.#isRelocating || this.#stopping > 0;
    return this.state === 'waiting' && !isBusy && !this.#isClosed;
  }

  /** Resolves when the journal of the finished upload has been removed. */
  get cleanedUp(): Promise<void> {
    return this.#cleanup;
  }

  /** Sends the file and resolves as soon as it needs its slot no longer, whether that worked or not. */
  async send(): Promise<void> {
    await this.#task.start(
      (signal) => this.#sendFile(signal),
      (error) => this.#fail(error, 'upload'),
    );
    this.#followVideo();
  }

  /** Continues whatever needs no slot: following the video, and updates that the server has not received. */
  resume(): void {
    this.#followVideo();
    this.#sendServerUpdates();
  }

  /** Stops sending; the store keeps the parts that it has. */
  async pause(): Promise<void> {
    if (this.#isToSend) await this.#stopAnd(() => this.#moveOrResume('paused'));
  }

  /** Stops sending and puts the upload back into the queue, where it waits for the next free slot. */
  async requeue(): Promise<void> {
    await this.#stopAnd(() => this.#moveOrResume('waiting'));
  }

  /** Puts a paused or failed upload back into the queue. */
  enqueue(): void {
    this.#record.move('waiting');
  }

  /** Retries now what waits for its next attempt. */
  retryNow(): void {
    this.#retrier.retryNow();
    this.#serverUpdates.retryNow();
    this.#sendServerUpdates();
  }

  /** Sends the title to the server as soon as it can be reached, in any state. Throws `state_conflict` once canceled. */
  async rename(title: string): Promise<void> {
    this.#record.rename(title);
    this.#sendServerUpdates();
    await this.#transfer.retitle(title);
  }

  /**
   * Continues with the same file at another path. Throws `state_conflict` unless the upload is paused, or failed before
   * the file was on the server, and `file_changed` for another file; the upload is unchanged then.
   */
  async relocate(path: string, signal: AbortSignal): Promise<void> {
    if ((this.state !== 'paused' && this.state !== 'failed') || this.#isOnServer || this.#isRelocating) {
      throw new ReelmillError('state_conflict', 'Only a paused or failed upload can be given another file.');
    }
    this.#isRelocating = true;
    try {
      await this.#transfer.relocate(path, signal);
    } finally {
      this.#isRelocating = false;
    }
    if (this.state === 'failed') this.enqueue();
  }

  /** Sends a file although the server has a video of it. Throws `state_conflict` unless it failed as a duplicate. */
  uploadAnyway(): void {
    if (this.#record.failure?.code !== 'duplicate') {
      throw new ReelmillError('state_conflict', 'This upload did not fail as a duplicate.');
    }
    this.#record.allowDuplicates();
    this.enqueue();
  }

  /**
   * Cancels the upload here at once, and aborts it on the server: resolves when the server has done so, or when the
   * first attempt failed, after which it is retried in the background. A transcode is canceled on the server first;
   * throws where that fails, and the upload stays as it is.
   */
  async cancel(): Promise<void> {
    if (this.state === 'online' || this.state === 'canceled') return;
    if (!this.#isOnServer) await this.#stopAnd(() => this.#cancelHere());
    // the task may have brought the file to the server before it stopped
    if (this.#isOnServer) return this.#cancelVideo();
    await this.#serverUpdates.whenAttempted();
  }

  /** Retries what failed: the transcode, or the upload from where it stopped. Throws `state_conflict` unless it failed. */
  async retry(): Promise<void> {
    const { videoId, failure } = this.#record;
    if (this.state !== 'failed') {
      throw new ReelmillError('state_conflict', 'Only a failed upload can be retried.');
    }
    if (!this.#isOnServer || videoId === null) return this.enqueue();
    const { signal } = new AbortController();
    if (failure?.stage === 'transcode') await this.#context.api.retryVideo(videoId, signal);
    this.#record.move('processing');
    this.#followVideo();
  }

  /** Stops it and removes its journal. The server keeps the unfinished upload until it expires or the file is added again. */
  async discard(): Promise<void> {
    await this.close();
    await this.#transfer.removeJournal();
  }

  /** Stops whatever runs here; nothing changes on the server. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#task.stop();
    await this.#serverUpdates.close();
  }

  get #isToSend(): boolean {
    return this.state === 'waiting' || takesSlot(this.state);
  }

  get #isOnServer(): boolean {
    const stage = this.#record.failure?.stage;
    return this.state === 'processing' || stage === 'transcode' || stage === 'follow';
  }

  /** Stops the task and calls `decide` with the upload in the state in which it ended, before a slot can take it up. */
  async #stopAnd(decide: () => void): Promise<void> {
    this.#stopping += 1;
    try {
      await this.#task.stop();
      decide();
    } finally {
      this.#stopping -= 1;
    }
  }

  /** Moves an upload whose file is still to be sent; one that got further in the meantime continues from there. */
  #moveOrResume(to: 'paused' | 'waiting'): void {
    if (this.#isToSend) this.#record.move(to);
    else this.resume();
  }

  #cancelHere(): void {
    if (this.#isOnServer || this.state === 'online') return;
    this.#record.cancel();
    this.#sendServerUpdates();
  }

  async #sendFile(signal: AbortSignal): Promise<void> {
    if (this.#previousCleanup !== undefined) await this.#previousCleanup;
    const video = await this.#transfer.run(signal);
    this.#record.move('processing');
    this.#record.markUploaded(video);
    this.#cleanup = this.#removeJournalOnceSaved();
    this.#sendServerUpdates();
    if (isFinal(video)) this.#finish(video);
  }

  #sendServerUpdates(): void {
    if (!this.#isClosed) this.#serverUpdates.send();
  }

  async #cancelVideo(): Promise<void> {
    const { videoId, state } = this.#record;
    if (videoId === null) {
      throw new ReelmillError('state_conflict', `An upload in state ${state} has no video.`);
    }
    const { signal } = new AbortController();
    try {
      await this.#context.api.cancelVideo(videoId, signal);
    } catch (error) {
      this.resume();
      throw error;
    }
    await this.#task.stop();
    // the task that followed the video may have seen it canceled
    if (this.state !== 'canceled') this.#record.move('canceled');
  }

  async #removeJournalOnceSaved(): Promise<void> {
    // a journal that stays does no harm: the server will report what became of the upload
    if (await this.#context.whenQueueSaved()) await this.#transfer.removeJournal().catch(() => undefined);
  }

  /** Follows the video of a finished upload, where that is configured and no task runs. */
  #followVideo(): void {
    const { videoId } = this.#record;
    if (this.state !== 'processing' || videoId === null || this.#task.isRunning) return;
    if (!this.#context.settings.follow || this.#isClosed) return;
    void this.#task.start(
      async (signal) => {
        const video = await this.#context.videos.follow({
          videoId,
          retrier: this.#retrier,
          signal,
          onVideo: (version) => this.#record.showVideo(version),
        });
        this.#finish(video);
      },
      (error) => this.#fail(error, 'follow'),
    );
  }

  /** Takes over the final state of the video. */
  #finish(video: Video): void {
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

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import type { SessionEndError } from '../api/session.ts';
import { DEFAULT_SETTINGS, type UploadContext, type UploadSettings } from '../context.ts';
import { RateLimiter } from '../flow/rateLimiter.ts';
import type { QueueStore } from '../ports/ports.ts';
import { EventStream, type UploadEvent, type UploadListener } from '../record/events.ts';
import { type NewRecord, UploadRecord } from '../record/uploadRecord.ts';
import { takesSlot } from '../record/uploadStates.ts';
import { Upload } from '../upload/upload.ts';
import { VideoWatch } from '../video/videoWatch.ts';
import type { EarlierUpload } from './earlierUploads.ts';
import { QueueSaver } from './queueSaver.ts';
import { findEarlierUploads, findJournaled } from './restoreQueue.ts';
import { UploadQueue } from './uploadQueue.ts';
import { UploadScheduler } from './uploadScheduler.ts';

type Ports = Pick<UploadContext, 'api' | 'transport' | 'files' | 'journal' | 'clock' | 'digests' | 'scope'>;

export interface ManagerOptions extends Ports {
  settings?: Partial<UploadSettings>;
  /** The limit for all uploads together, or null for none. */
  bytesPerSecond?: number | null;
  /** Where the queue is saved for the next process, from `restoreQueue` on. */
  queueStore?: QueueStore;
  /** Called when the queue could not be saved; the next change retries it. */
  onSaveFailure?: (error: unknown) => void;
}

export interface NewUpload {
  /** An absolute path, so that the same file is recognized. */
  path: string;
  title?: string | null;
  /** Where it is known already; it is read from the file in any case. */
  sizeBytes?: number;
  /** Fail with `duplicate` where the server has a video of the same file. */
  refuseDuplicates?: boolean;
}

/** Events that change what is saved of the queue. */
const SAVED_EVENTS: ReadonlySet<UploadEvent['type']> = new Set([
  'added',
  'state',
  'changed',
  'restarted',
  'moved',
  'removed',
]);

/**
 * The queue of uploads: files are sent in its order, a few at the same time. Commands take the `id` of a snapshot and
 * throw `not_found` for an unknown one; commands for many uploads skip unknown ones. Subscribers receive every event.
 */
export class UploadManager {
  readonly #context: UploadContext;
  readonly #events = new EventStream();
  readonly #queue = new UploadQueue();
  readonly #scheduler: UploadScheduler;
  readonly #queueStore: QueueStore | null;
  readonly #onSaveFailure: (error: unknown) => void;
  #saver: QueueSaver | null = null;
  #lastId = 0;
  #isSignedOut = false;

  constructor({ settings, bytesPerSecond, queueStore, onSaveFailure, ...ports }: ManagerOptions) {
    const { api, clock } = ports;
    const allSettings = { ...DEFAULT_SETTINGS, ...settings };
    this.#context = {
      ...ports,
      limiter: new RateLimiter(clock, bytesPerSecond ?? null),
      videos: new VideoWatch({ api, clock, pollMs: allSettings.pollMs }),
      settings: allSettings,
      onSessionEnd: (error) => this.#signOut(error),
      whenQueueSaved: async () => this.#saver === null || this.#saver.whenSaved(),
    };
    this.#scheduler = new UploadScheduler(this.#queue, allSettings.fileConcurrency);
    this.#queueStore = queueStore ?? null;
    this.#onSaveFailure = onSaveFailure ?? (() => undefined);
    this.#events.subscribe(({ type }) => {
      if (SAVED_EVENTS.has(type)) this.#saver?.touch();
    });
  }

  /** Returns a function that ends the subscription. */
  subscribe(listener: UploadListener): () => void {
    return this.#events.subscribe(listener);
  }

  /** In the order of the queue. */
  get uploads(): UploadSnapshot[] {
    return this.#queue.inOrder.map((upload) => upload.snapshot);
  }

  /** All ids, in the order of the queue. */
  get order(): string[] {
    return this.#queue.ids;
  }

  get(id: string): UploadSnapshot {
    return this.#queue.find(id).snapshot;
  }

  /** Adds a file to the end of the queue and returns its id; see `addAll` for a file that is in the queue already. */
  add(file: NewUpload): string {
    const { added, known } = this.addAll([file]);
    const [id] = [...added, ...known];
    if (id === undefined) throw new Error('a file is either added or known');
    return id;
  }

  /**
   * Adds files to the end of the queue. A file that is in the queue already keeps its place, and is retried where it
   * failed; one that is on the server, or was canceled, counts as new. Returns the ids of both kinds.
   */
  addAll(files: readonly NewUpload[]): { added: string[]; known: string[] } {
    const added: string[] = [];
    const known: string[] = [];
    for (const { title = null, ...file } of files) {
      const earlier = this.#queue.toSendAt(file.path);
      if (earlier === undefined) {
        added.push(this.#enqueue({ ...file, title }, {}, this.#queue.latestAt(file.path)?.cleanedUp).id);
        continue;
      }
      if (earlier.state === 'failed') earlier.enqueue();
      known.push(earlier.id);
    }
    this.#scheduler.fill();
    return { added, known };
  }

  /** Restores the uploads that an earlier process left unfinished, as paused ones, and returns their ids. */
  async restore(): Promise<string[]> {
    const ids: string[] = [];
    for (const journal of await findJournaled(this.#context, this.#queue)) {
      const upload = this.#enqueue(journal, { journal });
      await upload.pause();
      ids.push(upload.id);
    }
    return ids;
  }

  /**
   * Restores the queue that an earlier process left, however it ended: uploads that waited or ran continue, and so do
   * those that are only in the journal. From now on the queue is saved. Returns the ids, in order.
   */
  async restoreQueue(): Promise<string[]> {
    const store = this.#queueStore;
    if (store === null) throw new Error('this queue has no store');
    const earlierUploads = await findEarlierUploads(this.#context, this.#queue, store);
    const restored = earlierUploads.flatMap((earlier) => {
      const facts = earlier.saved ?? earlier.journal;
      return facts === undefined ? [] : [this.#enqueue(facts, earlier)];
    });
    this.#saver = new QueueSaver({
      store,
      clock: this.#context.clock,
      read: () => this.#queue.inOrder.map((upload) => upload.entry),
      onFailure: this.#onSaveFailure,
    });
    this.#saver.touch();
    for (const upload of restored) upload.resume();
    this.#scheduler.fill();
    return restored.map((upload) => upload.id);
  }

  async pause(id: string): Promise<void> {
    await this.#queue.find(id).pause();
  }

  /** Pauses these uploads, or all without `ids`. Returns the ids of those that were waiting or being sent. */
  async pauseAll(ids?: readonly string[]): Promise<string[]> {
    const running = this.#pick(ids).filter(({ state }) => state === 'waiting' || takesSlot(state));
    await Promise.all(running.map((upload) => upload.pause()));
    return running.map((upload) => upload.id);
  }

  resume(id: string): void {
    this.#queue.find(id);
    this.resumeAll([id]);
  }

  /** Puts the paused ones among them back into the queue. */
  resumeAll(ids: readonly string[]): void {
    for (const upload of this.#queue.pick(ids)) if (upload.state === 'paused') upload.enqueue();
    this.#scheduler.fill();
  }

  /**
   * Cancels an upload here at once, and on the server now or as soon as it can be reached. Throws where a transcode
   * cannot be canceled.
   */
  async cancel(id: string): Promise<void> {
    await this.#queue.find(id).cancel();
  }

  /** Cancels all of them, then throws the first failure. */
  async cancelAll(ids: readonly string[]): Promise<void> {
    const canceling = this.#queue.pick(ids).map((upload) => upload.cancel());
    const failed = (await Promise.allSettled(canceling)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async retry(id: string): Promise<void> {
    await this.#queue.find(id).retry();
    this.#scheduler.fill();
  }

  /** Sends a file that failed as a duplicate. */
  uploadAnyway(id: string): void {
    this.#queue.find(id).uploadAnyway();
    this.#scheduler.fill();
  }

  /** Changes the title before, during or after the upload; the server receives it as soon as it knows the upload. */
  async rename(id: string, title: string): Promise<void> {
    await this.#queue.find(id).rename(title);
  }

  /**
   * Continues a paused or failed upload with its file at another path; a failed one is requeued at once. Throws
   * `file_changed` for another file than the one whose upload began, and `state_conflict` for one that is in the queue.
   */
  async relocate(id: string, path: string): Promise<void> {
    const upload = this.#queue.find(id);
    const before = upload.path;
    const other = this.#queue.toSendAt(path);
    if (other !== undefined && other !== upload) {
      throw new ReelmillError('state_conflict', 'This file is already in the queue.');
    }
    await upload.relocate(path, new AbortController().signal);
    this.#queue.repath(upload, before);
    this.#scheduler.fill();
  }

  /** Moves an upload to another position of the queue; 0 is the first. */
  move(id: string, index: number): void {
    this.#queue.move(this.#queue.find(id), index);
    this.#events.emit({ type: 'moved', order: this.#queue.ids });
  }

  /** Removes an upload that is not being sent from the queue. The server keeps what it has. Throws `state_conflict` for others. */
  remove(id: string): void {
    if (!takesSlot(this.#queue.find(id).state)) return void this.removeAll([id]);
    throw new ReelmillError('state_conflict', 'Pause or cancel the upload before you remove it.');
  }

  /** Removes those that are not being sent, and returns their ids. */
  removeAll(ids: readonly string[]): string[] {
    const leaving = this.#queue.pick(ids).filter(({ state }) => !takesSlot(state));
    this.#queue.remove(leaving);
    for (const upload of leaving) {
      // a journal that cannot be removed brings the upload back at the next start, which does no harm
      upload.discard().catch(() => undefined);
      this.#events.emit({ type: 'removed', id: upload.id });
    }
    return leaving.map((upload) => upload.id);
  }

  /** Resolves, once that is known, to whether the present queue is on disk; to true without a store. */
  whenSaved(): Promise<boolean> {
    return this.#context.whenQueueSaved();
  }

  /** Limits all uploads together, in bytes per second; null lifts the limit. */
  setRateLimit(bytesPerSecond: number | null): void {
    this.#context.limiter.setRate(bytesPerSecond);
  }

  /** Changes how many files are sent at the same time; uploads beyond that are requeued. */
  async setFileConcurrency(files: number): Promise<void> {
    await this.#scheduler.resize(files);
  }

  /** Stops sending before the machine sleeps, until `wake`. */
  async suspend(): Promise<void> {
    await this.#scheduler.block('sleep');
  }

  wake(): void {
    this.#scheduler.unblock('sleep');
    this.retryNow();
  }

  /** Retries now whatever waits for its next attempt, as when the network is back. */
  retryNow(): void {
    for (const upload of this.#queue.inOrder) upload.retryNow();
  }

  /** Continues after the next login what stopped when the session ended. */
  signedIn(): void {
    this.#isSignedOut = false;
    this.#scheduler.unblock('session');
    for (const upload of this.#queue.inOrder) upload.resume();
  }

  /** Stops everything here; the server, the journal and the saved queue keep their state. */
  async close(): Promise<void> {
    this.#scheduler.close();
    await Promise.all(this.#queue.inOrder.map((upload) => upload.close()));
    this.#context.videos.close();
    await this.#saver?.close();
    await Promise.all(this.#queue.inOrder.map((upload) => upload.cleanedUp));
  }

  #signOut(error: SessionEndError): void {
    if (this.#isSignedOut || !this.#context.settings.holdWhenSignedOut) return;
    this.#isSignedOut = true;
    void this.#scheduler.block('session');
    this.#events.emit({ type: 'signedOut', code: error.code, message: error.message });
  }

  #pick(ids: readonly string[] | undefined): readonly Upload[] {
    return ids === undefined ? this.#queue.inOrder : this.#queue.pick(ids);
  }

  #enqueue(
    facts: Omit<NewRecord, 'id'>,
    earlier: EarlierUpload = {},
    previousCleanup?: Promise<void>,
  ): Upload {
    this.#lastId += 1;
    const record = new UploadRecord({ ...facts, id: String(this.#lastId) }, (event) =>
      this.#events.emit(event),
    );
    if (earlier.journal !== undefined) record.restoreFromJournal(earlier.journal);
    if (earlier.saved !== undefined) record.restoreFromQueue(earlier.saved);
    const upload = new Upload(this.#context, record, previousCleanup);
    this.#queue.append(upload);
    this.#events.emit({ type: 'added', upload: record.snapshot });
    return upload;
  }
}

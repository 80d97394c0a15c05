import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
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
import { UploadQueue, waitingFirst } from './uploadQueue.ts';
import { UploadScheduler } from './uploadScheduler.ts';

type Ports = Pick<UploadContext, 'api' | 'transport' | 'files' | 'journal' | 'clock' | 'digests' | 'scope'>;

export interface ManagerOptions extends Ports {
  settings?: Partial<UploadSettings>;
  /** The limit for all uploads together, or null for none. */
  bytesPerSecond?: number | null;
  /** Where the queue is kept for the next process, from `restoreQueue` on. */
  queueStore?: QueueStore;
  /** The queue could not be saved; the next change tries again. */
  onSaveFailure?: (error: unknown) => void;
}

export interface NewUpload {
  /** Absolute, so that the same file is found again. */
  path: string;
  title?: string | null;
  /** Where it is known already; the file is looked at anyway. */
  sizeBytes?: number;
  /** Fail with `duplicate` where the server has a video of the same file. */
  refuseDuplicates?: boolean;
}

/** Events after which the saved queue is not what the queue is. */
const SAVED_EVENTS: ReadonlySet<UploadEvent['type']> = new Set([
  'added',
  'state',
  'changed',
  'restarted',
  'moved',
  'removed',
]);

/**
 * The queue of uploads: files are sent in its order, a few at the same time. Commands name uploads by the `id` in
 * their snapshots and throw `not_found` for others, those for many pass over them; everything that happens is told to
 * the subscribers.
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

  /** Answers the function that ends the subscription. */
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

  /** Puts a file at the end of the queue and answers its id; see `addAll` for one that is there already. */
  add(file: NewUpload): string {
    const { added, known } = this.addAll([file]);
    const [id] = [...added, ...known];
    if (id === undefined) throw new Error('a file is either added or known');
    return id;
  }

  /**
   * Puts files at the end of the queue. One that is there already keeps its place, and is tried again where it failed;
   * one that is on the server, or was canceled, is taken as new.
   */
  addAll(files: readonly NewUpload[]): { added: string[]; known: string[] } {
    const added: string[] = [];
    const known: string[] = [];
    for (const { title = null, ...file } of files) {
      const earlier = this.#queue.toSendAt(file.path);
      if (earlier === undefined) {
        added.push(this.#enqueue({ ...file, title }, {}, this.#queue.latestAt(file.path)?.tidied).id);
        continue;
      }
      if (earlier.state === 'failed') earlier.wait();
      known.push(earlier.id);
    }
    this.#scheduler.fill();
    return { added, known };
  }

  /** Brings back the uploads that an earlier process left unfinished, paused, and answers their ids. */
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
   * Brings back the queue as an earlier process left it, however that ended: what waited or ran goes on by itself, and
   * so does whatever only the journal knows of. From now on the queue is saved. Answers the ids, in order.
   */
  async restoreQueue(): Promise<string[]> {
    const store = this.#queueStore;
    if (store === null) throw new Error('this queue is kept nowhere');
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

  /** All of these, or everything: nothing of them is sent afterwards. Answers the ids of those that were stopped. */
  async pauseAll(ids?: readonly string[]): Promise<string[]> {
    const running = this.#pick(ids).filter(({ state }) => state === 'waiting' || takesSlot(state));
    await Promise.all(waitingFirst(running).map((upload) => upload.pause()));
    return running.map((upload) => upload.id);
  }

  resume(id: string): void {
    this.#queue.find(id);
    this.resumeAll([id]);
  }

  /** Puts those that are paused back into the queue. */
  resumeAll(ids: readonly string[]): void {
    for (const upload of this.#queue.pick(ids)) if (upload.state === 'paused') upload.wait();
    this.#scheduler.fill();
  }

  /**
   * Gives an upload up here at once, and on the server now or as soon as it can be reached. Throws where a transcode
   * cannot be stopped.
   */
  async cancel(id: string): Promise<void> {
    await this.#queue.find(id).cancel();
  }

  /** Throws the first failure when all have been tried. */
  async cancelAll(ids: readonly string[]): Promise<void> {
    const canceling = waitingFirst(this.#queue.pick(ids)).map((upload) => upload.cancel());
    const failed = (await Promise.allSettled(canceling)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async retry(id: string): Promise<void> {
    await this.#queue.find(id).retry();
    this.#scheduler.fill();
  }

  /** Sends a file that was refused as a duplicate. */
  uploadAnyway(id: string): void {
    this.#queue.find(id).uploadAnyway();
    this.#scheduler.fill();
  }

  /** Another title, before, during or after the upload; the server is told as soon as there is anything to tell. */
  async rename(id: string, title: string): Promise<void> {
    await this.#queue.find(id).rename(title);
  }

  /**
   * Tells where the file of a paused or failed upload is now; what failed goes on at once. Throws `file_changed` where
   * that is another file than the one whose upload began, and `state_conflict` where it is in the queue itself.
   */
  async relocate(id: string, path: string): Promise<void> {
    const upload = this.#queue.find(id);
    const before = upload.path;
    const other = this.#queue.toSendAt(path);
    if (other !== undefined && other !== upload) {
      throw new ReelmillError('state_conflict', 'This file is in the queue already.');
    }
    await upload.relocate(path, new AbortController().signal);
    this.#queue.repath(upload, before);
    this.#scheduler.fill();
  }

  /** Puts an upload at another place of the queue; 0 is the first. */
  move(id: string, index: number): void {
    this.#queue.move(this.#queue.find(id), index);
    this.#events.emit({ type: 'moved', order: this.#queue.ids });
  }

  /** Takes an upload that is not running off the list. What the server has of it stays there. */
  remove(id: string): void {
    if (!takesSlot(this.#queue.find(id).state)) return void this.removeAll([id]);
    throw new ReelmillError('state_conflict', 'Pause or cancel the upload before it is removed.');
  }

  /** Takes those that are not running off the list, and answers their ids. */
  removeAll(ids: readonly string[]): string[] {
    const leaving = this.#queue.pick(ids).filter(({ state }) => !takesSlot(state));
    this.#queue.remove(leaving);
    for (const upload of leaving) {
      // a journal that cannot be removed brings the upload back at the next start, which is no loss
      upload.forget().catch(() => undefined);
      this.#events.emit({ type: 'removed', id: upload.id });
    }
    return leaving.map((upload) => upload.id);
  }

  /** Whether all of this outlives the process, as soon as that is decided; true where the queue is kept nowhere. */
  whenSaved(): Promise<boolean> {
    return this.#context.whenQueueSaved();
  }

  /** Bytes per second for all uploads together, from now on; null lifts the limit. */
  setRateLimit(bytesPerSecond: number | null): void {
    this.#context.limiter.setRate(bytesPerSecond);
  }

  /** Files that are sent at the same time, from now on; what is too much goes back to waiting. */
  async setFileConcurrency(files: number): Promise<void> {
    await this.#scheduler.resize(files);
  }

  /** Before the machine sleeps: nothing is sent afterwards, and all of it goes on with `wake`. */
  async suspend(): Promise<void> {
    await this.#scheduler.hold('sleep');
  }

  wake(): void {
    this.#scheduler.release('sleep');
    this.retryNow();
  }

  /** The line is there again: whatever waits for its next try is tried now. */
  retryNow(): void {
    for (const upload of this.#queue.inOrder) upload.retryNow();
  }

  /** Somebody is logged in again: what stopped when the session ended goes on. */
  signedIn(): void {
    this.#isSignedOut = false;
    this.#scheduler.release('session');
    for (const upload of this.#queue.inOrder) upload.resume();
  }

  /** Stops everything here; the server, the journal and the saved queue keep what they have. */
  async close(): Promise<void> {
    this.#scheduler.close();
    await Promise.all(this.#queue.inOrder.map((upload) => upload.close()));
    this.#context.videos.close();
    await this.#saver?.close();
    await Promise.all(this.#queue.inOrder.map((upload) => upload.tidied));
  }

  #signOut(error: SessionEndError): void {
    if (this.#isSignedOut || !this.#context.settings.holdWhenSignedOut) return;
    this.#isSignedOut = true;
    void this.#scheduler.hold('session');
    this.#events.emit({ type: 'signedOut', code: error.code, message: error.message });
  }

  #pick(ids: readonly string[] | undefined): readonly Upload[] {
    return ids === undefined ? this.#queue.inOrder : this.#queue.pick(ids);
  }

  #enqueue(facts: Omit<NewRecord, 'id'>, earlier: EarlierUpload = {}, whenFree?: Promise<void>): Upload {
    this.#lastId += 1;
    const record = new UploadRecord({ ...facts, id: String(this.#lastId) }, (event) =>
      this.#events.emit(event),
    );
    if (earlier.journal !== undefined) record.recall(earlier.journal);
    if (earlier.saved !== undefined) record.restore(earlier.saved);
    const upload = new Upload(this.#context, record, whenFree);
    this.#queue.append(upload);
    this.#events.emit({ type: 'added', upload: record.snapshot });
    return upload;
  }
}

import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { DEFAULT_SETTINGS, type UploadContext, type UploadSettings } from './context.ts';
import { EventStream, type UploadListener } from './events.ts';
import type { JournalEntry } from './journalEntry.ts';
import { RateLimiter } from './rateLimiter.ts';
import { isSettled, takesSlot } from './states.ts';
import { Upload } from './upload.ts';
import { UploadRecord } from './uploadRecord.ts';

export interface ManagerOptions extends Omit<UploadContext, 'limiter' | 'settings'> {
  settings?: Partial<UploadSettings>;
  /** The limit for all uploads together, or null for none. */
  bytesPerSecond?: number | null;
}

export interface NewUpload {
  /** Absolute, so that the same file is found again. */
  path: string;
  title?: string | null;
}

/**
 * The queue of uploads: files are sent in its order, a few at the same time. Commands name uploads by the `id` in
 * their snapshots and throw `not_found` for others; everything that happens is told to the subscribers.
 */
export class UploadManager {
  readonly #context: UploadContext;
  readonly #events = new EventStream();
  #queue: Upload[] = [];
  #lastId = 0;
  #closed = false;

  constructor({ settings, bytesPerSecond, ...ports }: ManagerOptions) {
    this.#context = {
      ...ports,
      limiter: new RateLimiter(ports.clock, bytesPerSecond ?? null),
      settings: { ...DEFAULT_SETTINGS, ...settings },
    };
  }

  /** Answers the function that ends the subscription. */
  subscribe(listener: UploadListener): () => void {
    return this.#events.subscribe(listener);
  }

  /** In the order of the queue. */
  get uploads(): UploadSnapshot[] {
    return this.#queue.map((upload) => upload.snapshot);
  }

  /** Puts a file at the end of the queue and answers its id; a file that is in the queue already keeps its place. */
  add({ path, title = null }: NewUpload): string {
    const known = this.#queue.find((upload) => upload.path === path && !isSettled(upload.state));
    if (known !== undefined && known.state !== 'processing') return known.id;
    const upload = this.#enqueue({ path, title });
    this.#fillSlots();
    return upload.id;
  }

  /** Brings back the uploads that an earlier process left unfinished, paused, and answers their ids. */
  async restore(): Promise<string[]> {
    const ids: string[] = [];
    for (const { entry } of await this.#context.journal.list()) {
      const known = this.#queue.some((upload) => upload.path === entry.path && !isSettled(upload.state));
      if (entry.scope !== this.#context.scope || known) continue;
      const upload = this.#enqueue(entry, entry);
      await upload.pause();
      ids.push(upload.id);
    }
    return ids;
  }

  async pause(id: string): Promise<void> {
    await this.#find(id).pause();
  }

  /** Before the machine sleeps or the process ends: nothing is sent afterwards. */
  async pauseAll(): Promise<string[]> {
    const running = this.#queue.filter((upload) => upload.state === 'waiting' || takesSlot(upload.state));
    // those that wait first, or they would take the slots that come free
    const waitingFirst = running.toSorted((a, b) => Number(takesSlot(a.state)) - Number(takesSlot(b.state)));
    await Promise.all(waitingFirst.map((upload) => upload.pause()));
    return running.map((upload) => upload.id);
  }

  resume(id: string): void {
    const upload = this.#find(id);
    if (upload.state !== 'paused') return;
    upload.wait();
    this.#fillSlots();
  }

  /** Gives an upload up here and on the server; throws where the server cannot be told. */
  async cancel(id: string): Promise<void> {
    await this.#find(id).cancel();
  }

  async retry(id: string): Promise<void> {
    await this.#find(id).retry();
    this.#fillSlots();
  }

  /** Puts an upload at another place of the queue; 0 is the first. */
  move(id: string, index: number): void {
    const upload = this.#find(id);
    const others = this.#queue.filter((other) => other !== upload);
    this.#queue = others.toSpliced(Math.max(0, index), 0, upload);
    this.#events.emit({ type: 'moved', order: this.#queue.map((one) => one.id) });
  }

  /** Takes an upload that is not running off the list. What the server has of it stays there. */
  remove(id: string): void {
    const upload = this.#find(id);
    if (takesSlot(upload.state)) {
      throw new ReelmillError('state_conflict', 'Pause or cancel the upload before it is removed.');
    }
    void upload.close();
    this.#queue = this.#queue.filter((other) => other !== upload);
    this.#events.emit({ type: 'removed', id });
  }

  /** Bytes per second for all uploads together, from now on; null lifts the limit. */
  setRateLimit(bytesPerSecond: number | null): void {
    this.#context.limiter.setRate(bytesPerSecond);
  }

  /** Stops everything here; the server and the journal keep what they have. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#queue.map((upload) => upload.close()));
  }

  #enqueue({ path, title }: { path: string; title: string | null }, earlier?: JournalEntry): Upload {
    this.#lastId += 1;
    const record = new UploadRecord({ id: String(this.#lastId), path, title }, (event) =>
      this.#events.emit(event),
    );
    if (earlier !== undefined) record.recall(earlier);
    const upload = new Upload(this.#context, record);
    this.#queue.push(upload);
    this.#events.emit({ type: 'added', upload: record.snapshot });
    return upload;
  }

  #find(id: string): Upload {
    const upload = this.#queue.find((one) => one.id === id);
    if (upload === undefined) throw new ReelmillError('not_found', 'There is no such upload in the queue.');
    return upload;
  }

  #fillSlots(): void {
    const { fileConcurrency } = this.#context.settings;
    let running = this.#queue.filter((upload) => takesSlot(upload.state)).length;
    for (const upload of this.#queue) {
      if (this.#closed || running >= fileConcurrency) return;
      if (upload.state !== 'waiting') continue;
      running += 1;
      void upload.send().then(() => this.#fillSlots());
    }
  }
}

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { IntakeResult, QueueChange, Settings, UploadSnapshot } from '../../contracts/desktop.ts';
import type { UploadSettings } from '../../engine/context.ts';
import { type QueueTotals, summarize } from '../../engine/queue/totals.ts';
import type { SessionService } from '../session/sessionService.ts';
import { RateClock } from '../settings/rateClock.ts';
import type { SettingsStore } from '../settings/settingsStore.ts';
import { runForEach } from './bulk.ts';
import { OpenQueue } from './openQueue.ts';

/** The dialogs in which the user chooses files. */
export interface Dialogs {
  /** Several files, or folders; empty where the dialog was canceled. */
  chooseVideos(what: 'files' | 'folder'): Promise<string[]>;
  /** Where the file of an upload is now; null where the dialog was canceled. */
  chooseReplacement(upload: Pick<UploadSnapshot, 'path' | 'fileName'>): Promise<string | null>;
}

export interface QueueServiceOptions {
  session: SessionService;
  settings: SettingsStore;
  dialogs: Dialogs;
  logger: Logger;
  /** Overrides the engine's defaults, for tests. */
  uploadSettings?: Partial<UploadSettings>;
}

/**
 * The uploads of the account that is signed in. Commands wait until its queue is restored, and throw `unauthorized` where
 * nobody is signed in.
 */
export class QueueService {
  readonly #options: QueueServiceOptions;
  readonly #rate: RateClock;
  readonly #changeListeners = new Set<(change: QueueChange) => void>();
  readonly #finishedListeners = new Set<(upload: UploadSnapshot) => void>();
  readonly #unsubscribe: (() => void)[];
  #open: OpenQueue | null = null;
  #switching: Promise<void> = Promise.resolve();
  #isSuspended = false;
  #isClosed = false;

  constructor(options: QueueServiceOptions) {
    this.#options = options;
    const { session, settings } = options;
    this.#rate = new RateClock(settings, (rate) => this.#open?.manager.setRateLimit(rate));
    this.#unsubscribe = [
      session.subscribe(() => void this.#follow()),
      settings.subscribe((current) => this.#apply(current)),
    ];
  }

  /** Opens the queue of the account that is signed in, and continues its unfinished uploads. */
  start(): Promise<void> {
    return this.#follow();
  }

  /** In the order of the queue; empty where nobody is signed in. */
  get uploads(): UploadSnapshot[] {
    return this.#open?.manager.uploads ?? [];
  }

  get totals(): QueueTotals {
    return summarize(this.uploads);
  }

  /** Returns `uploads` once the queue is restored. */
  async list(): Promise<UploadSnapshot[]> {
    await this.#switching;
    return this.uploads;
  }

  /** Calls the listener with what changed, a few times a second at most. Returns a function that ends the subscription. */
  subscribe(listener: (change: QueueChange) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Calls the listener when a video came online, or an upload or its video failed. */
  onFinished(listener: (upload: UploadSnapshot) => void): () => void {
    this.#finishedListeners.add(listener);
    return () => this.#finishedListeners.delete(listener);
  }

  /** Adds the videos among these files and in these folders, and returns what became of them. */
  async add(paths: readonly string[]): Promise<IntakeResult> {
    return (await this.#ready()).add(paths);
  }

  /** Adds videos, and removes those that the server has already without a notice. Resolves when the queue is on disk. */
  async addAutomatically(files: readonly { path: string; sizeBytes: number }[]): Promise<void> {
    await (await this.#ready()).addAutomatically(files);
  }

  /** Adds what the user chooses. */
  async pick(what: 'files' | 'folder'): Promise<IntakeResult> {
    await this.#ready();
    return this.add(await this.#options.dialogs.chooseVideos(what));
  }

  async pause(ids: readonly string[]): Promise<void> {
    await (await this.#ready()).manager.pauseAll(ids);
  }

  async resume(ids: readonly string[]): Promise<void> {
    (await this.#ready()).manager.resumeAll(ids);
  }

  /** Throws where a transcode could not be canceled. */
  async cancel(ids: readonly string[]): Promise<void> {
    await (await this.#ready()).cancel(ids);
  }

  async retry(ids: readonly string[]): Promise<void> {
    const { manager } = await this.#ready();
    await runForEach(ids, (id) => manager.retry(id));
  }

  async uploadAnyway(ids: readonly string[]): Promise<void> {
    const { manager } = await this.#ready();
    await runForEach(ids, (id) => manager.uploadAnyway(id));
  }

  /** Removes those that are not being sent. Throws `state_conflict` where some are. */
  async remove(ids: readonly string[]): Promise<void> {
    await (await this.#ready()).remove(ids);
  }

  /** Removes what is online and what was canceled. */
  async clearFinished(): Promise<void> {
    await (await this.#ready()).clearFinished();
  }

  async move(id: string, index: number): Promise<void> {
    (await this.#ready()).manager.move(id, index);
  }

  async rename(id: string, title: string): Promise<void> {
    await (await this.#ready()).manager.rename(id, title);
  }

  /** Lets the user locate a moved file. Returns false where the dialog was canceled. Throws `file_changed` for another file. */
  async relocate(id: string): Promise<boolean> {
    const { manager } = await this.#ready();
    const path = await this.#options.dialogs.chooseReplacement(manager.get(id));
    if (path === null) return false;
    await manager.relocate(id, path);
    return true;
  }

  /** Returns the path of an upload's file. */
  async pathOf(id: string): Promise<string> {
    return (await this.#ready()).manager.get(id).path;
  }

  /** Stops sending before the machine sleeps, until `wake`. */
  async suspend(): Promise<void> {
    this.#isSuspended = true;
    await this.#open?.manager.suspend();
  }

  /** Continues after a sleep, over new connections. */
  wake(): void {
    this.#isSuspended = false;
    this.#options.session.client.reconnect();
    this.#rate.refresh();
    this.#open?.manager.wake();
    void this.#options.session.check();
  }

  /** Retries now whatever waits, after the network has changed. */
  retryNow(): void {
    this.#options.session.client.reconnect();
    this.#open?.manager.retryNow();
    void this.#options.session.check();
  }

  /** Stops everything; unfinished uploads continue at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#rate.close();
    await this.#follow();
  }

  async #ready(): Promise<OpenQueue> {
    await this.#switching;
    if (this.#open === null) throw new ReelmillError('unauthorized', 'Not signed in.');
    return this.#open;
  }

  /** Switches to the queue of the account that is signed in now; switches do not overlap. */
  #follow(): Promise<void> {
    this.#switching = this.#switching.then(() =>
      this.#switch().catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'queue not switched');
      }),
    );
    return this.#switching;
  }

  async #switch(): Promise<void> {
    const session = this.#isClosed ? null : this.#options.session.session;
    if (this.#open?.belongsTo(session)) return;
    const closing = this.#open;
    this.#open = null;
    await closing?.close();
    if (session === null) return;
    const open = this.#openFor(session);
    this.#open = open;
    if (this.#isSuspended) await open.manager.suspend();
    await open.restore();
  }

  #openFor(session: NonNullable<SessionService['session']>): OpenQueue {
    const { settings, logger, uploadSettings = {} } = this.#options;
    return new OpenQueue({
      client: this.#options.session.client,
      session,
      settings: settings.current,
      bytesPerSecond: this.#rate.bytesPerSecond,
      uploadSettings,
      logger,
      onChange: (change) => {
        for (const listener of [...this.#changeListeners]) listener(change);
      },
      onFinished: (upload) => {
        for (const listener of [...this.#finishedListeners]) listener(upload);
      },
      onSessionEnd: (reason) => this.#options.session.end(reason),
    });
  }

  #apply({ fileConcurrency }: Settings): void {
    // the engine ignores an unchanged value
    void this.#open?.manager.setFileConcurrency(fileConcurrency);
  }
}

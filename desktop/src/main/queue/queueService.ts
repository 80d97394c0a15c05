import type {
  IntakeResult,
  QueueChange,
  Settings,
  UploadSnapshot,
} from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { UploadSettings } from '../../engine/context.ts';
import { type QueueTotals, summarize } from '../../engine/queue/totals.ts';
import type { SessionService } from '../session/sessionService.ts';
import { RateClock } from '../settings/rateClock.ts';
import type { SettingsStore } from '../settings/settingsStore.ts';
import { doForAll } from './bulk.ts';
import type { Dialogs } from './dialogs.ts';
import { OpenQueue } from './openQueue.ts';

export interface QueueServiceOptions {
  session: SessionService;
  settings: SettingsStore;
  dialogs: Dialogs;
  logger: Logger;
  /** In place of the engine's own, for tests. */
  uploadSettings?: Partial<UploadSettings>;
}

/**
 * The uploads of whoever is signed in. Commands wait until the queue of the account is restored, and throw
 * `unauthorized` where nobody is signed in.
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

  /** Opens the queue of whoever is signed in; everything unfinished goes on. */
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

  /** The same as `uploads`, once the queue is restored. */
  async list(): Promise<UploadSnapshot[]> {
    await this.#switching;
    return this.uploads;
  }

  /** Called with what changed, a few times a second at most. Answers the function that ends the subscription. */
  subscribe(listener: (change: QueueChange) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Called when a video came online, or an upload or its video failed. */
  onFinished(listener: (upload: UploadSnapshot) => void): () => void {
    this.#finishedListeners.add(listener);
    return () => this.#finishedListeners.delete(listener);
  }

  /** Adds the videos among these files and in these folders. */
  async add(paths: readonly string[]): Promise<IntakeResult> {
    return (await this.#ready()).add(paths);
  }

  /** Adds videos that nobody is told of where the server has them already; resolves when that outlives a crash. */
  async addQuietly(files: readonly { path: string; sizeBytes: number }[]): Promise<void> {
    await (await this.#ready()).addQuietly(files);
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

  /** Throws where a transcode could not be stopped. */
  async cancel(ids: readonly string[]): Promise<void> {
    await (await this.#ready()).cancel(ids);
  }

  async retry(ids: readonly string[]): Promise<void> {
    const { manager } = await this.#ready();
    await doForAll(ids, (id) => manager.retry(id));
  }

  async uploadAnyway(ids: readonly string[]): Promise<void> {
    const { manager } = await this.#ready();
    await doForAll(ids, (id) => manager.uploadAnyway(id));
  }

  /** Throws `state_conflict` where some are being sent; the others are removed. */
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

  /** Lets the user show where a file has gone; false where that was given up. Throws `file_changed`. */
  async relocate(id: string): Promise<boolean> {
    const { manager } = await this.#ready();
    const path = await this.#options.dialogs.chooseReplacement(manager.get(id));
    if (path === null) return false;
    await manager.relocate(id, path);
    return true;
  }

  /** Where the file of an upload is. */
  async pathOf(id: string): Promise<string> {
    return (await this.#ready()).manager.get(id).path;
  }

  /** Before the machine sleeps: nothing is sent until `wake`. */
  async suspend(): Promise<void> {
    this.#isSuspended = true;
    await this.#open?.manager.suspend();
  }

  /** After a sleep: everything goes on over new connections. */
  wake(): void {
    this.#isSuspended = false;
    this.#options.session.client.reconnect();
    this.#rate.refresh();
    this.#open?.manager.wake();
    void this.#options.session.check();
  }

  /** The network is there again, or another one: what waits for its next try is tried now. */
  retryNow(): void {
    this.#options.session.client.reconnect();
    this.#open?.manager.retryNow();
    void this.#options.session.check();
  }

  /** Stops everything; what is unfinished goes on at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#rate.close();
    await this.#follow();
  }

  async #ready(): Promise<OpenQueue> {
    await this.#switching;
    if (this.#open === null) throw new ReelmillError('unauthorized', 'Nobody is signed in.');
    return this.#open;
  }

  /** Lets the queue be that of whoever is signed in now; one change after the other. */
  #follow(): Promise<void> {
    this.#switching = this.#switching.then(() =>
      this.#switch().catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'the queue could not be opened or closed');
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
    // the engine does nothing where it is what it was
    void this.#open?.manager.setFileConcurrency(fileConcurrency);
  }
}

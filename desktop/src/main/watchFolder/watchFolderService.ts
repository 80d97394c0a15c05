import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { WatchState } from '../../contracts/desktop.ts';
import type { QueueService } from '../queue/queueService.ts';
import type { SessionService } from '../session/sessionService.ts';
import type { SettingsStore } from '../settings/settingsStore.ts';
import { ProcessedFiles } from './processedFiles.ts';
import { WatchFolder, type WatchTiming } from './watchFolder.ts';

export interface WatchFolderServiceOptions {
  session: SessionService;
  settings: SettingsStore;
  queue: QueueService;
  /** The data folder of the app. */
  folder: string;
  logger: Logger;
  timing?: WatchTiming;
}

/** A folder to watch for an account. */
interface Watched {
  path: string;
  account: string;
}

/**
 * Watches the folder of the settings while somebody is signed in. Processed files are recorded per account, until the
 * settings have another folder or none: a folder that is chosen again starts with the files it has then.
 */
export class WatchFolderService {
  readonly #options: WatchFolderServiceOptions;
  readonly #stateFolder: string;
  readonly #listeners = new Set<(state: WatchState) => void>();
  readonly #unsubscribe: (() => void)[];
  #watched: Watched | null = null;
  #watch: WatchFolder | null = null;
  #state: WatchState = { status: 'off' };
  #switching: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: WatchFolderServiceOptions) {
    this.#options = options;
    this.#stateFolder = join(options.folder, 'watch');
    this.#unsubscribe = [
      options.session.subscribe(() => void this.#follow()),
      options.settings.subscribe(() => void this.#follow()),
    ];
  }

  start(): Promise<void> {
    return this.#follow();
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Calls the listener with each new state. Returns a function that ends the subscription. */
  subscribe(listener: (state: WatchState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#follow();
  }

  /** Switches to the folder that is to be watched now; switches do not overlap. */
  #follow(): Promise<void> {
    this.#switching = this.#switching.then(() =>
      this.#switch().catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'watch folder not switched');
      }),
    );
    return this.#switching;
  }

  async #switch(): Promise<void> {
    const wanted = this.#findWanted();
    if (wanted?.path !== this.#watched?.path || wanted?.account !== this.#watched?.account) {
      await this.#watch?.close();
      this.#watch = null;
      this.#watched = wanted;
      this.#setStatus('off');
    }
    if (wanted !== null && this.#watch === null) await this.#begin(wanted);
    if (!this.#isClosed) await this.#removeOtherFolders();
  }

  async #begin({ path, account }: Watched): Promise<void> {
    const { queue, logger, timing } = this.#options;
    const processedFiles = await ProcessedFiles.open(
      join(this.#stateFolder, nameFor(path), `${nameFor(account)}.json`),
    );
    this.#setStatus('starting');
    this.#watch = new WatchFolder({
      path,
      processedFiles,
      take: (files) => queue.addAutomatically(files),
      onStatus: (status) => {
        logger.info({ status }, 'watch folder');
        this.#setStatus(status);
      },
      logger,
      ...(timing === undefined ? {} : { timing }),
    });
  }

  async #removeOtherFolders(): Promise<void> {
    const { enabled, path } = this.#options.settings.current.watchFolder;
    const kept = enabled && path !== null ? nameFor(path) : null;
    const names = await readdir(this.#stateFolder).catch(() => []);
    for (const name of names.filter((other) => other !== kept)) {
      await rm(join(this.#stateFolder, name), { recursive: true });
    }
  }

  #findWanted(): Watched | null {
    const { enabled, path } = this.#options.settings.current.watchFolder;
    const { session } = this.#options.session;
    if (this.#isClosed || !enabled || path === null || session === null) return null;
    return { path, account: `${session.serverUrl} ${session.userId}` };
  }

  #setStatus(status: WatchState['status']): void {
    if (status === this.#state.status) return;
    this.#state = { status };
    for (const listener of [...this.#listeners]) listener(this.#state);
  }
}

function nameFor(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

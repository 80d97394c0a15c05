import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { QueueService } from '../queue/queueService.ts';
import type { SessionService } from '../session/sessionService.ts';
import type { SettingsStore } from '../settings/settingsStore.ts';
import { TakenMemory } from './takenMemory.ts';
import { WatchFolder, type WatchStatus, type WatchTiming } from './watchFolder.ts';

export interface WatchFolderServiceOptions {
  session: SessionService;
  settings: SettingsStore;
  queue: QueueService;
  /** Where the app keeps its files. */
  folder: string;
  logger: Logger;
  timing?: WatchTiming;
}

/** What is to be watched, for whom. */
interface Watched {
  path: string;
  account: string;
}

/** Watches the folder of the settings while somebody is signed in; what was taken is remembered for each account. */
export class WatchFolderService {
  readonly #options: WatchFolderServiceOptions;
  readonly #unsubscribe: (() => void)[];
  #watched: Watched | null = null;
  #watch: WatchFolder | null = null;
  #status: WatchStatus | 'off' = 'off';
  #switching: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: WatchFolderServiceOptions) {
    this.#options = options;
    this.#unsubscribe = [
      options.session.subscribe(() => void this.#follow()),
      options.settings.subscribe(() => void this.#follow()),
    ];
  }

  start(): Promise<void> {
    return this.#follow();
  }

  get status(): WatchStatus | 'off' {
    return this.#status;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#follow();
  }

  /** Watches what is to be watched now; one change after the other. */
  #follow(): Promise<void> {
    this.#switching = this.#switching.then(() =>
      this.#switch().catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'the watch folder could not be changed');
      }),
    );
    return this.#switching;
  }

  async #switch(): Promise<void> {
    const wanted = this.#findWanted();
    if (wanted?.path === this.#watched?.path && wanted?.account === this.#watched?.account) return;
    await this.#watch?.close();
    this.#watch = null;
    this.#watched = wanted;
    this.#status = 'off';
    if (wanted === null) return;
    const { folder, queue, logger, timing } = this.#options;
    const memory = await TakenMemory.open(join(folder, 'watch', `${nameFor(wanted.account)}.json`));
    this.#status = 'starting';
    this.#watch = new WatchFolder({
      path: wanted.path,
      memory,
      take: (files) => queue.addQuietly(files),
      onStatus: (status) => {
        logger.info({ status }, 'watch folder');
        this.#status = status;
      },
      logger,
      ...(timing === undefined ? {} : { timing }),
    });
  }

  #findWanted(): Watched | null {
    const { enabled, path } = this.#options.settings.current.watchFolder;
    const { session } = this.#options.session;
    if (this.#isClosed || !enabled || path === null || session === null) return null;
    return { path, account: `${session.serverUrl} ${session.userId}` };
  }
}

function nameFor(account: string): string {
  return createHash('sha256').update(account).digest('hex').slice(0, 32);
}

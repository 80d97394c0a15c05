import type { UpdateState } from '@reelmill/shared/contracts/desktop.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

const CHECK_EVERY_MS = 6 * 60 * 60 * 1000;

/** What electron-updater is to this app. It downloads by itself what it finds, and installs it when the app ends. */
export interface UpdateSource {
  subscribe(listener: (event: UpdateEvent) => void): void;
  /** Rejects where the update server cannot be asked. */
  check(): Promise<void>;
  /** Ends the process and starts the new version. */
  installNow(): void;
}

export type UpdateEvent =
  | { type: 'checking' }
  | { type: 'none' }
  | { type: 'found'; version: string }
  | { type: 'downloaded'; version: string }
  | { type: 'failed'; message: string };

/**
 * New versions of the app.
 *
 *   off      where no update server is configured: nothing ever happens
 *   idle ──► checking ──► idle | downloading ──► ready        failed ──► checking (the next time)
 *               └──────────────────┴──► failed
 *
 * `ready` lasts until the app ends.
 */
export class UpdateService {
  readonly #source: UpdateSource | null;
  readonly #logger: Logger;
  readonly #listeners = new Set<(state: UpdateState) => void>();
  #state: UpdateState;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: UpdateSource | null, logger: Logger) {
    this.#source = source;
    this.#logger = logger;
    this.#state = { status: source === null ? 'off' : 'idle', version: null, message: null };
    source?.subscribe((event) => this.#follow(event));
  }

  get state(): UpdateState {
    return this.#state;
  }

  subscribe(listener: (state: UpdateState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Checks now, and again every six hours. */
  start(): void {
    if (this.#source === null || this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.check(), CHECK_EVERY_MS).unref();
    void this.check();
  }

  /** Answers how things are after the server was asked; a failure is part of that. */
  async check(): Promise<UpdateState> {
    const { status } = this.#state;
    if (this.#source === null || status === 'checking' || status === 'downloading' || status === 'ready') {
      return this.#state;
    }
    this.#move({ status: 'checking', version: null, message: null });
    try {
      await this.#source.check();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
    return this.#state;
  }

  /** Starts the new version at once, where there is one. */
  installNow(): void {
    if (this.#state.status === 'ready') this.#source?.installNow();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #follow(event: UpdateEvent): void {
    if (this.#state.status === 'ready') return;
    if (event.type === 'failed') this.#fail(event.message);
    if (event.type === 'checking') this.#move({ status: 'checking', version: null, message: null });
    if (event.type === 'none') this.#move({ status: 'idle', version: null, message: null });
    if (event.type === 'found') this.#move({ status: 'downloading', version: event.version, message: null });
    if (event.type === 'downloaded') this.#move({ status: 'ready', version: event.version, message: null });
  }

  #fail(message: string): void {
    if (this.#state.status === 'ready') return;
    // what is behind the first line is a stack or a page of HTML
    const [firstLine = ''] = message.split('\n');
    if (this.#state.status !== 'failed') this.#logger.warn({ reason: firstLine }, 'no update could be had');
    this.#move({ status: 'failed', version: null, message: firstLine });
  }

  #move(state: UpdateState): void {
    if (state.status === this.#state.status && state.message === this.#state.message) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

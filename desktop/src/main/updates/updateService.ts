import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { UpdateState } from '../../contracts/desktop.ts';

const CHECK_EVERY_MS = 6 * 60 * 60 * 1000;

/**
 * The part of electron-updater that this app uses. It downloads a signed version automatically and installs it when the
 * app quits; a build without a key to verify signatures only reports that there is a new version.
 */
export interface UpdateSource {
  subscribe(listener: (event: UpdateEvent) => void): void;
  /** Rejects where the update server cannot be reached. */
  check(): Promise<void>;
  /** Ends the process and starts the new version. */
  installNow(): void;
}

export type UpdateEvent =
  | { type: 'checking' }
  | { type: 'none' }
  | { type: 'available'; version: string }
  | { type: 'found'; version: string }
  | { type: 'downloaded'; version: string }
  | { type: 'refused'; message: string }
  | { type: 'failed'; message: string };

/**
 * New versions of the app.
 *
 *   off      where no update server is configured: there are no transitions
 *   idle ──► checking ──► idle | available | downloading ──► ready
 *               └───────────────────────────────┴──► failed | refused
 *
 * `available`, `failed` and `refused` change to `checking` the next time; `ready` lasts until the app quits. `refused` is
 * a version without a valid signature, or whose file has another hash: it is discarded.
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

  /** Checks now and returns the state afterwards; a failure is one of the states. */
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
    if (event.type === 'refused') this.#refuse(event.message);
    if (event.type === 'available')
      this.#move({ status: 'available', version: event.version, message: null });
    if (event.type === 'checking') this.#move({ status: 'checking', version: null, message: null });
    if (event.type === 'none') this.#move({ status: 'idle', version: null, message: null });
    if (event.type === 'found') this.#move({ status: 'downloading', version: event.version, message: null });
    if (event.type === 'downloaded') this.#move({ status: 'ready', version: event.version, message: null });
  }

  #refuse(message: string): void {
    this.#logger.error({ reason: message }, 'update refused');
    this.#move({ status: 'refused', version: null, message });
  }

  #fail(message: string): void {
    // a refused version also fails the check that found it
    if (this.#state.status === 'ready' || this.#state.status === 'refused') return;
    // the lines after the first are a stack or an HTML page
    const [firstLine = ''] = message.split('\n');
    if (this.#state.status !== 'failed') this.#logger.warn({ reason: firstLine }, 'update check failed');
    this.#move({ status: 'failed', version: null, message: firstLine });
  }

  #move(state: UpdateState): void {
    if (state.status === this.#state.status && state.message === this.#state.message) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

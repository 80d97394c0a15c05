const POLL_MS = 3_000;

/**
 * Whether the network is up. Electron's main process gets no event for it; polling the system is cheap. "Online" does not
 * mean that a server can be reached.
 */
export class NetworkWatch {
  readonly #isUp: () => boolean;
  readonly #onChange: (online: boolean) => void;
  readonly #timer: NodeJS.Timeout;
  #online: boolean;

  constructor(isUp: () => boolean, onChange: (online: boolean) => void) {
    this.#isUp = isUp;
    this.#onChange = onChange;
    this.#online = isUp();
    this.#timer = setInterval(() => this.check(), POLL_MS).unref();
  }

  get isOnline(): boolean {
    return this.#online;
  }

  check(): void {
    const online = this.#isUp();
    if (online === this.#online) return;
    this.#online = online;
    this.#onChange(online);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

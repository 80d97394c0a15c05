const LOOK_EVERY_MS = 3_000;

/**
 * Whether the network is there. Electron's main process is told of no change; asking the system is cheap. What it says
 * is no promise: "online" may still reach nobody.
 */
export class NetworkWatch {
  readonly #ask: () => boolean;
  readonly #onChange: (online: boolean) => void;
  readonly #timer: NodeJS.Timeout;
  #online: boolean;

  constructor(ask: () => boolean, onChange: (online: boolean) => void) {
    this.#ask = ask;
    this.#onChange = onChange;
    this.#online = ask();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  get isOnline(): boolean {
    return this.#online;
  }

  look(): void {
    const online = this.#ask();
    if (online === this.#online) return;
    this.#online = online;
    this.#onChange(online);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

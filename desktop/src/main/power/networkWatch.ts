const LOOK_EVERY_MS = 3_000;

/**
 * Tells when the network is back. Electron's main process is told of no such moment; asking the system is cheap, and
 * only the way from "offline" to "online" counts.
 */
export class NetworkWatch {
  readonly #isOnline: () => boolean;
  readonly #onBack: () => void;
  readonly #timer: NodeJS.Timeout;
  #online: boolean;

  constructor(isOnline: () => boolean, onBack: () => void) {
    this.#isOnline = isOnline;
    this.#onBack = onBack;
    this.#online = isOnline();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  look(): void {
    const online = this.#isOnline();
    const isBack = online && !this.#online;
    this.#online = online;
    if (isBack) this.#onBack();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

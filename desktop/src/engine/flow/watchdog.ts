import type { Clock } from '../ports/ports.ts';

/**
 * Aborts a request on which nothing has moved for a while. Waiting for one's own bandwidth limit is no silence of the
 * network: the watchdog is held during it.
 */
export class Watchdog {
  readonly #clock: Clock;
  #silenceMs: number;
  readonly #controller = new AbortController();
  #movedAtMs: number;
  #held = false;
  #cancelTimer: () => void;

  constructor(clock: Clock, silenceMs: number) {
    this.#clock = clock;
    this.#silenceMs = silenceMs;
    this.#movedAtMs = clock.now();
    this.#cancelTimer = clock.schedule(silenceMs, () => this.#check());
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How much silence is too much. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  get hasFired(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Something moved. */
  feed(): void {
    this.#movedAtMs = this.#clock.now();
  }

  /** From now on so much silence is no reason to worry. */
  allow(silenceMs: number): void {
    this.#silenceMs = silenceMs;
    this.feed();
  }

  async hold<T>(waiting: Promise<T>): Promise<T> {
    this.#held = true;
    try {
      return await waiting;
    } finally {
      this.#held = false;
      this.feed();
    }
  }

  stop(): void {
    this.#cancelTimer();
  }

  #check(): void {
    const silentMs = this.#held ? 0 : this.#clock.now() - this.#movedAtMs;
    if (silentMs >= this.#silenceMs) this.#controller.abort();
    else this.#cancelTimer = this.#clock.schedule(this.#silenceMs - silentMs, () => this.#check());
  }
}

import type { Clock } from '../ports/ports.ts';

/**
 * Aborts a request that has transferred no data for `silenceMs`. Waiting for the program's own rate limit does not count:
 * the watchdog is paused meanwhile.
 */
export class Watchdog {
  readonly #clock: Clock;
  #silenceMs: number;
  readonly #controller = new AbortController();
  #movedAtMs: number;
  #isPaused = false;
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

  /** How long a silence is allowed. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  get hasFired(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Call it when data was transferred. */
  feed(): void {
    this.#movedAtMs = this.#clock.now();
  }

  /** Changes the silence that is allowed, from now on. */
  setSilence(silenceMs: number): void {
    this.#silenceMs = silenceMs;
    this.feed();
  }

  /** Returns the result of `waiting`; the time until then does not count as silence. */
  async pauseFor<T>(waiting: Promise<T>): Promise<T> {
    this.#isPaused = true;
    try {
      return await waiting;
    } finally {
      this.#isPaused = false;
      this.feed();
    }
  }

  stop(): void {
    this.#cancelTimer();
  }

  #check(): void {
    const silentMs = this.#isPaused ? 0 : this.#clock.now() - this.#movedAtMs;
    if (silentMs >= this.#silenceMs) this.#controller.abort();
    else this.#cancelTimer = this.#clock.schedule(this.#silenceMs - silentMs, () => this.#check());
  }
}

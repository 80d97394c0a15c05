/** Tells single crashes, after which to go on by itself, from a series of them. */
export class CrashLimit {
  readonly #most: number;
  readonly #withinMs: number;
  #crashesMs: number[] = [];

  constructor({ most, withinMs }: { most: number; withinMs: number }) {
    this.#most = most;
    this.#withinMs = withinMs;
  }

  /** Counts a crash at `nowMs` and answers whether these are too many. */
  exceeded(nowMs: number): boolean {
    this.#crashesMs = [...this.#crashesMs, nowMs].filter((atMs) => nowMs - atMs < this.#withinMs);
    return this.#crashesMs.length > this.#most;
  }
}

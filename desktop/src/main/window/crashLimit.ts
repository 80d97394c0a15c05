/** Distinguishes single crashes, after which the page is reloaded, from a series of them. */
export class CrashLimit {
  readonly #max: number;
  readonly #withinMs: number;
  #crashesMs: number[] = [];

  constructor({ max, withinMs }: { max: number; withinMs: number }) {
    this.#max = max;
    this.#withinMs = withinMs;
  }

  /** Counts a crash at `nowMs` and returns whether there were too many. */
  exceeded(nowMs: number): boolean {
    this.#crashesMs = [...this.#crashesMs, nowMs].filter((atMs) => nowMs - atMs < this.#withinMs);
    return this.#crashesMs.length > this.#max;
  }
}

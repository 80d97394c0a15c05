/** Shorter waits say nothing about the store. */
const MIN_WAIT_MS = 100;
const MAX_REMEMBERED = 1_000;

/** Remembers when the programs of a task waited for the store. Times are those of `performance.now`. */
export class StoreWaits {
  readonly #open = new Set<{ from: number }>();
  readonly #ended: { from: number; to: number }[] = [];

  /** Resolves or rejects with the promise, and counts the time until then. */
  async during<T>(promise: Promise<T>): Promise<T> {
    const wait = { from: performance.now() };
    this.#open.add(wait);
    try {
      return await promise;
    } finally {
      this.#open.delete(wait);
      this.#remember({ ...wait, to: performance.now() });
    }
  }

  /** Milliseconds of waiting since then; those of ranges that wait at the same time are added up. */
  since(time: number): number {
    const to = performance.now();
    const waits = [...this.#ended, ...[...this.#open].map(({ from }) => ({ from, to }))];
    return waits.reduce((sum, wait) => sum + Math.max(0, wait.to - Math.max(wait.from, time)), 0);
  }

  #remember(wait: { from: number; to: number }): void {
    if (wait.to - wait.from < MIN_WAIT_MS) return;
    this.#ended.push(wait);
    if (this.#ended.length > MAX_REMEMBERED) this.#ended.shift();
  }
}

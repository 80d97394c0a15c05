/** What one receiver has of a budget. */
export interface BudgetShare {
  /** Resolves when so many more bytes may be held in memory; first come, first served. */
  take(bytes: number): Promise<void>;
  /** Returns bytes that are not held any more to the budget. */
  release(bytes: number): void;
  /** Returns everything to the budget; what is taken later is returned at once. */
  close(): void;
}

/**
 * Bytes that may wait in memory for the disk, of all receivers together. Only bytes that have arrived are counted, so
 * that slow senders keep nobody waiting. A receiver that has everything waits for nobody, so all of them get their turn.
 */
export class WriteBudget {
  #freeBytes: number;
  readonly #totalBytes: number;
  readonly #waiting: { bytes: number; proceed: () => void }[] = [];

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    this.#freeBytes = totalBytes;
  }

  open(): BudgetShare {
    let heldBytes = 0;
    let closed = false;
    const release = (bytes: number): void => {
      const releasedBytes = Math.min(bytes, heldBytes);
      heldBytes -= releasedBytes;
      this.#free(releasedBytes);
    };
    return {
      take: async (wantedBytes) => {
        // a single piece that is larger than everything gets everything
        const bytes = Math.min(wantedBytes, this.#totalBytes);
        await this.#claim(bytes);
        heldBytes += bytes;
        if (closed) release(bytes);
      },
      release,
      close: () => {
        closed = true;
        release(heldBytes);
      },
    };
  }

  #claim(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#freeBytes >= bytes) {
      this.#freeBytes -= bytes;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, proceed: resolve });
    return promise;
  }

  #free(bytes: number): void {
    this.#freeBytes += bytes;
    for (let [next] = this.#waiting; next && this.#freeBytes >= next.bytes; [next] = this.#waiting) {
      this.#waiting.shift();
      this.#freeBytes -= next.bytes;
      next.proceed();
    }
  }
}

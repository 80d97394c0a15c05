import type { Clock, QueueStore } from '../ports/ports.ts';
import { pruneFinished, type QueueEntry } from '../ports/queueEntry.ts';

/** A pause of so many times the duration of a save follows it, so that a large queue is written less often. */
const PAUSE_PER_SAVE = 4;
const MAX_PAUSE_MS = 1_000;

export interface QueueSaverOptions {
  store: QueueStore;
  clock: Clock;
  /** Returns the present queue. */
  read: () => QueueEntry[];
  /** Called when a save failed; the next change retries it. */
  onFailure: (error: unknown) => void;
}

/**
 * Keeps the saved queue up to date. The first change is written at once, together with all others of the same tick;
 * changes during a save, or shortly after it, are written with the next one.
 */
export class QueueSaver {
  readonly #options: QueueSaverOptions;
  #changes = 0;
  #savedChanges = 0;
  #saving: Promise<void> | null = null;
  #waiting: { changes: number; resolve: (saved: boolean) => void }[] = [];
  #pause = new AbortController();
  #isClosing = false;

  constructor(options: QueueSaverOptions) {
    this.#options = options;
  }

  /** Call it after every change of the queue. */
  touch(): void {
    this.#changes += 1;
    this.#saving ??= this.#saveChanges();
  }

  /** Resolves, once that is known, to whether all changes up to now are on disk. */
  whenSaved(): Promise<boolean> {
    if (this.#savedChanges === this.#changes) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#waiting.push({ changes: this.#changes, resolve });
      this.#saving ??= this.#saveChanges();
    });
  }

  /** Writes the remaining changes without a pause. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#pause.abort();
    if (this.#savedChanges < this.#changes) this.#saving ??= this.#saveChanges();
    await this.#saving;
  }

  async #saveChanges(): Promise<void> {
    // other changes of the same tick belong to the same save
    await Promise.resolve();
    while (this.#savedChanges < this.#changes) {
      const tookMs = await this.#saveOnce();
      if (tookMs === null) break;
      await this.#sleep(Math.min(MAX_PAUSE_MS, tookMs * PAUSE_PER_SAVE));
    }
    this.#saving = null;
  }

  /** Returns how many milliseconds it took, or null where it failed. */
  async #saveOnce(): Promise<number | null> {
    const { store, clock, read, onFailure } = this.#options;
    const changes = this.#changes;
    const startedMs = clock.now();
    try {
      await store.save(pruneFinished(read()));
      this.#savedChanges = changes;
      this.#resolveWaiting((waiting) => waiting.changes <= changes, true);
      return clock.now() - startedMs;
    } catch (error) {
      this.#resolveWaiting(() => true, false);
      onFailure(error);
      return null;
    }
  }

  #resolveWaiting(isAffected: (waiting: { changes: number }) => boolean, saved: boolean): void {
    const { affected = [], others = [] } = Object.groupBy(this.#waiting, (one) =>
      isAffected(one) ? 'affected' : 'others',
    );
    this.#waiting = others;
    for (const { resolve } of affected) resolve(saved);
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#isClosing) return;
    // only `close` ends the pause early, and that is no failure
    await this.#options.clock.sleep(ms, this.#pause.signal).catch(() => undefined);
  }
}

import type { Clock, QueueStore } from '../ports/ports.ts';
import { dropOldFinished, type QueueEntry } from '../ports/queueEntry.ts';

/** A large queue takes its time to write: it is written less often, so that most of the time is left for others. */
const REST_PER_SAVE = 4;
const LONGEST_REST_MS = 1_000;

export interface QueueSaverOptions {
  store: QueueStore;
  clock: Clock;
  /** The queue as it is now. */
  read: () => QueueEntry[];
  /** A save went wrong; the next change tries again. */
  onFailure: (error: unknown) => void;
}

/**
 * Keeps the saved queue up to date. The first change is written at once, together with all others of the same moment;
 * what changes while a save runs, or shortly after it, gathers for the next one.
 */
export class QueueSaver {
  readonly #options: QueueSaverOptions;
  #changes = 0;
  #savedChanges = 0;
  #saving: Promise<void> | null = null;
  #waiting: { changes: number; resolve: (saved: boolean) => void }[] = [];
  #rest = new AbortController();
  #isClosing = false;

  constructor(options: QueueSaverOptions) {
    this.#options = options;
  }

  /** The queue is not what it was. */
  touch(): void {
    this.#changes += 1;
    this.#saving ??= this.#saveChanges();
  }

  /** Whether what has changed up to now is on the disk, as soon as that is decided. */
  whenSaved(): Promise<boolean> {
    if (this.#savedChanges === this.#changes) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#waiting.push({ changes: this.#changes, resolve });
      this.#saving ??= this.#saveChanges();
    });
  }

  /** Writes what is still to be written, without any rest. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#rest.abort();
    if (this.#savedChanges < this.#changes) this.#saving ??= this.#saveChanges();
    await this.#saving;
  }

  async #saveChanges(): Promise<void> {
    // whatever else happens in this moment belongs to the same save
    await Promise.resolve();
    while (this.#savedChanges < this.#changes) {
      const tookMs = await this.#saveOnce();
      if (tookMs === null) break;
      await this.#sleep(Math.min(LONGEST_REST_MS, tookMs * REST_PER_SAVE));
    }
    this.#saving = null;
  }

  /** Answers how long it took, or null where it failed. */
  async #saveOnce(): Promise<number | null> {
    const { store, clock, read, onFailure } = this.#options;
    const changes = this.#changes;
    const startedMs = clock.now();
    try {
      await store.save(dropOldFinished(read()));
      this.#savedChanges = changes;
      this.#answer((waiting) => waiting.changes <= changes, true);
      return clock.now() - startedMs;
    } catch (error) {
      this.#answer(() => true, false);
      onFailure(error);
      return null;
    }
  }

  #answer(isMeant: (waiting: { changes: number }) => boolean, saved: boolean): void {
    const { meant = [], others = [] } = Object.groupBy(this.#waiting, (one) =>
      isMeant(one) ? 'meant' : 'others',
    );
    this.#waiting = others;
    for (const { resolve } of meant) resolve(saved);
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#isClosing) return;
    // only `close` ends the rest early, and that is no failure
    await this.#options.clock.sleep(ms, this.#rest.signal).catch(() => undefined);
  }
}

import type { TaskProgress } from '../context/taskContext.ts';

const TICK_MS = 1_000;
/** Also how often the lease is renewed while there is nothing new to report. */
const AT_LEAST_EVERY_MS = 2_000;

/**
 * Thins a task's progress out: at once when another segment is in the store (a viewer may be waiting for it),
 * otherwise once a second while something changes, and every two seconds in any case.
 */
export class ProgressReporter {
  readonly #publish: (progress: TaskProgress) => void;
  readonly #timer: NodeJS.Timeout;
  #latest: TaskProgress = { done: 0, segmentsDone: 0, speed: null };
  #published: TaskProgress = this.#latest;
  #publishedAt = performance.now();

  constructor(publish: (progress: TaskProgress) => void) {
    this.#publish = publish;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  report(progress: TaskProgress): void {
    this.#latest = progress;
    if (progress.segmentsDone > this.#published.segmentsDone) this.#publishLatest();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const silentMs = performance.now() - this.#publishedAt;
    // a tick that comes a little early must not wait for the next one
    if (this.#latest.done !== this.#published.done || silentMs >= AT_LEAST_EVERY_MS - TICK_MS / 4)
      this.#publishLatest();
  }

  #publishLatest(): void {
    this.#published = this.#latest;
    this.#publishedAt = performance.now();
    this.#publish(this.#latest);
  }
}

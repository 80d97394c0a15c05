import type { Clock } from '@reelmill/desktop/engine/ports/ports.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** A clock that stands still until the test advances it. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { atMs: number; callback: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.schedule(ms, resolve);
      const stop = (): void => {
        cancel();
        reject(new ReelmillError('aborted', 'Stopped while waiting.'));
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  schedule(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** When the next timer is due, in milliseconds from now; null without one. */
  get nextMs(): number | null {
    const times = this.#timers.map(({ atMs }) => atMs);
    return times.length === 0 ? null : Math.min(...times) - this.#nowMs;
  }

  /** Lets time pass and calls what is due, in order; what waits for it runs before this resolves. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await new Promise(setImmediate);
      const due = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
    }
    this.#nowMs = untilMs;
  }
}

import type { Clock } from '../ports/ports.ts';

const QUANTUM_SECONDS = 0.1;
const SMALLEST_GRANT_BYTES = 1024;

/**
 * A bandwidth limit shared by everything that sends. Bytes are granted in slices of about a tenth of a second, each
 * reserving its time in one sequence, so that callers are served in order and none sends in bursts.
 */
export class RateLimiter {
  readonly #clock: Clock;
  #bytesPerSecond: number | null;
  #freeAtMs = 0;

  constructor(clock: Clock, bytesPerSecond: number | null = null) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  get bytesPerSecond(): number | null {
    return this.#bytesPerSecond;
  }

  /** Takes effect at once; null lifts the limit. */
  setRate(bytesPerSecond: number | null): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#freeAtMs = 0;
  }

  /** Waits for its turn and returns how many of the wanted bytes may be sent now, at least one. */
  async take(wantedBytes: number, signal: AbortSignal): Promise<number> {
    const rate = this.#bytesPerSecond;
    if (rate === null) return wantedBytes;
    const granted = Math.min(wantedBytes, Math.max(SMALLEST_GRANT_BYTES, Math.round(rate * QUANTUM_SECONDS)));
    const now = this.#clock.now();
    const startMs = Math.max(now, this.#freeAtMs);
    this.#freeAtMs = startMs + (granted / rate) * 1000;
    if (startMs > now) await this.#clock.sleep(startMs - now, signal);
    return granted;
  }
}

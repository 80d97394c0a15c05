const WINDOW_MS = 6_000;

/**
 * Counts the bytes of one upload: those that the store has acknowledged, and those in flight. `bufferBytes` of every part
 * in flight may still be in local buffers; they are not counted until the part is acknowledged.
 */
export class TransferMeter {
  readonly #bufferBytes: number;
  readonly #inFlight = new Map<number, number>();
  #samples: { atMs: number; bytes: number }[] = [];
  #acknowledgedBytes = 0;

  constructor(bufferBytes: number) {
    this.#bufferBytes = bufferBytes;
  }

  get acknowledgedBytes(): number {
    return this.#acknowledgedBytes;
  }

  /** Acknowledged bytes and bytes in flight. */
  get sentBytes(): number {
    let sent = this.#acknowledgedBytes;
    for (const bytes of this.#inFlight.values()) sent += Math.max(0, bytes - this.#bufferBytes);
    return sent;
  }

  /** Starts from what the store has already; those bytes do not count for the speed. */
  reset(acknowledgedBytes: number): void {
    this.#acknowledgedBytes = acknowledgedBytes;
    this.#inFlight.clear();
    this.#samples = [];
  }

  send(partNumber: number, bytes: number): void {
    this.#inFlight.set(partNumber, (this.#inFlight.get(partNumber) ?? 0) + bytes);
  }

  /** The part failed: its bytes in flight no longer count. */
  drop(partNumber: number): void {
    this.#inFlight.delete(partNumber);
  }

  acknowledge(partNumber: number, sizeBytes: number): void {
    this.#inFlight.delete(partNumber);
    this.#acknowledgedBytes += sizeBytes;
  }

  /** Call it at regular intervals; the speed is measured between calls. */
  sample(nowMs: number): void {
    this.#samples.push({ atMs: nowMs, bytes: this.sentBytes });
    while (this.#samples.length > 2 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes per second over the last seconds; null before there are two samples. */
  get speed(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
  }

  /** Seconds until `sizeBytes` are sent; null while nothing is being sent. */
  etaSeconds(sizeBytes: number): number | null {
    const speed = this.speed;
    return speed === null || speed === 0 ? null : (sizeBytes - this.sentBytes) / speed;
  }
}

const WINDOW_MS = 6_000;

/**
 * Bytes of one upload: those the store has acknowledged, and those on their way. What lies in buffers is not on its
 * way yet: `bufferBytes` of every part in flight are not counted until the part is acknowledged.
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

  /** Starts from what the store has already: those bytes say nothing about speed. */
  reset(acknowledgedBytes: number): void {
    this.#acknowledgedBytes = acknowledgedBytes;
    this.#inFlight.clear();
    this.#samples = [];
  }

  send(partNumber: number, bytes: number): void {
    this.#inFlight.set(partNumber, (this.#inFlight.get(partNumber) ?? 0) + bytes);
  }

  /** The part did not arrive: what was sent of it is lost. */
  drop(partNumber: number): void {
    this.#inFlight.delete(partNumber);
  }

  acknowledge(partNumber: number, sizeBytes: number): void {
    this.#inFlight.delete(partNumber);
    this.#acknowledgedBytes += sizeBytes;
  }

  /** To be called at regular moments; speed is measured between them. */
  sample(nowMs: number): void {
    this.#samples.push({ atMs: nowMs, bytes: this.sentBytes });
    while (this.#samples.length > 2 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes per second over the last seconds, or null before there is anything to measure. */
  get speed(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
  }

  /** Seconds until `sizeBytes` are sent, or null where nothing moves. */
  etaSeconds(sizeBytes: number): number | null {
    const speed = this.speed;
    return speed === null || speed === 0 ? null : (sizeBytes - this.sentBytes) / speed;
  }
}

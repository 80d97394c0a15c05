/**
 * Large buffers that are used again and again: fresh ones would pile up faster than they are collected, and collecting
 * them would cost more than what they are used for. The number in use at a time is limited; those that nobody has
 * used for a while are freed.
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #maxBuffers: number;
  readonly #idleMs: number;
  readonly #spare: Buffer[] = [];
  #borrowed = 0;
  /** The fewest that were spare at any time since the last look. */
  #unused = 0;
  #look: NodeJS.Timeout | undefined;

  constructor(options: { bufferBytes: number; maxBuffers: number; idleMs: number }) {
    this.#bufferBytes = options.bufferBytes;
    this.#maxBuffers = options.maxBuffers;
    this.#idleMs = options.idleMs;
  }

  /** Bytes in use and spare. */
  get heldBytes(): number {
    return (this.#borrowed + this.#spare.length) * this.#bufferBytes;
  }

  /** Whether half of the buffers, or more, are in use. */
  get isScarce(): boolean {
    return this.#borrowed * 2 >= this.#maxBuffers;
  }

  /** Returns so many buffers with unknown content, or null where not so many are left. */
  borrow(count: number): Buffer[] | null {
    if (this.#borrowed + count > this.#maxBuffers) return null;
    this.#borrowed += count;
    const reused = this.#spare.splice(-count);
    this.#unused = Math.min(this.#unused, this.#spare.length);
    // shared, so that another thread can work on it without a copy
    const allocate = () => Buffer.from(new SharedArrayBuffer(this.#bufferBytes));
    return [...reused, ...Array.from({ length: count - reused.length }, allocate)];
  }

  release(buffers: readonly Buffer[]): void {
    this.#borrowed -= buffers.length;
    this.#spare.push(...buffers);
    this.#look ??= setInterval(() => this.#freeUnused(), this.#idleMs).unref();
  }

  #freeUnused(): void {
    this.#spare.splice(0, this.#unused);
    this.#unused = this.#spare.length;
    if (this.#spare.length > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }
}

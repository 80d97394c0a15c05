/** Less than this in a long time is next to nothing, and no sign of life. */
const MIN_PROGRESS_BYTES = 64 * 1024;
/** Shorter waits say nothing about the store. */
const MIN_WAIT_MS = 100;
const MAX_REMEMBERED = 1_000;

/** Remembers when the programs of a task waited for the store. Times are those of `performance.now`. */
export class StoreWaits {
  readonly #open = new Set<StoreWait>();
  readonly #ended: { from: number; to: number }[] = [];

  /** Begins the waits of one range; it waits from now on. */
  begin(): StoreWait {
    const wait = new StoreWait((from, to) => this.#remember(from, to));
    this.#open.add(wait);
    return wait;
  }

  end(wait: StoreWait): void {
    wait.stop();
    this.#open.delete(wait);
  }

  /** Milliseconds of waiting since then; those of ranges that wait at the same time are added up. */
  since(time: number): number {
    const now = performance.now();
    const open = [...this.#open].flatMap(({ waitingSince }) =>
      waitingSince === null ? [] : [{ from: waitingSince, to: now }],
    );
    return [...this.#ended, ...open].reduce(
      (sum, { from, to }) => sum + Math.max(0, to - Math.max(from, time)),
      0,
    );
  }

  #remember(from: number, to: number): void {
    if (to - from < MIN_WAIT_MS) return;
    this.#ended.push({ from, to });
    if (this.#ended.length > MAX_REMEMBERED) this.#ended.shift();
  }
}

/** The waits of one range: only while the store is waited for, not while its bytes are handed on. */
export class StoreWait {
  readonly #onEnd: (from: number, to: number) => void;
  #waitingSince: number | null = performance.now();
  #bytes = 0;
  #waitedMs = 0;

  constructor(onEnd: (from: number, to: number) => void) {
    this.#onEnd = onEnd;
  }

  get waitingSince(): number | null {
    return this.#waitingSince;
  }

  /** How long the store was waited for since bytes worth mentioning came. */
  get stagnantMs(): number {
    return this.#waitedMs + (this.#waitingSince === null ? 0 : performance.now() - this.#waitingSince);
  }

  resume(): void {
    this.#waitingSince ??= performance.now();
  }

  stop(): void {
    if (this.#waitingSince === null) return;
    const now = performance.now();
    this.#waitedMs += now - this.#waitingSince;
    this.#onEnd(this.#waitingSince, now);
    this.#waitingSince = null;
  }

  /** Bytes came: nothing is waited for until `resume`. */
  received(bytes: number): void {
    this.stop();
    this.#bytes += bytes;
    if (this.#bytes < MIN_PROGRESS_BYTES) return;
    this.#bytes = 0;
    this.#waitedMs = 0;
  }
}

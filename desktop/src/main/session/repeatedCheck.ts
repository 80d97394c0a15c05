/** Repeats a check until it succeeds: one attempt at a time, with a fixed delay after one that failed. */
export class RepeatedCheck {
  readonly #check: () => Promise<boolean>;
  readonly #delayMs: number;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** `check` never throws, and returns whether it succeeded or is no longer needed. */
  constructor(check: () => Promise<boolean>, delayMs: number) {
    this.#check = check;
    this.#delayMs = delayMs;
  }

  /** Makes an attempt now; concurrent callers share it. */
  run(): Promise<void> {
    this.cancel();
    this.#running ??= this.#attempt().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Cancels the next attempt; a running one continues. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  /** As `cancel`, and resolves when no attempt is running. */
  async close(): Promise<void> {
    await this.#running;
    this.cancel();
  }

  async #attempt(): Promise<void> {
    if (await this.#check()) return;
    this.#timer = setTimeout(() => void this.run(), this.#delayMs).unref();
  }
}

/** Asks for something until it was answered: one try at a time, and another one later after a try that failed. */
export class RepeatedCheck {
  readonly #ask: () => Promise<boolean>;
  readonly #againMs: number;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** `ask` throws nothing and answers whether it was answered, or need not be any more. */
  constructor(ask: () => Promise<boolean>, againMs: number) {
    this.#ask = ask;
    this.#againMs = againMs;
  }

  /** Asks now; the same try for all who call meanwhile. */
  run(): Promise<void> {
    this.cancel();
    this.#running ??= this.#try().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** No later try; one that is under way goes on. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  /** As `cancel`, and resolves when nothing is under way. */
  async close(): Promise<void> {
    await this.#running;
    this.cancel();
  }

  async #try(): Promise<void> {
    if (await this.#ask()) return;
    this.#timer = setTimeout(() => void this.run(), this.#againMs).unref();
  }
}

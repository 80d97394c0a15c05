/** Knows with which media origins the page was loaded, and so whether its policy still fits. */
export class PageOrigins {
  readonly #current: () => readonly string[];
  #loaded: string | null = null;

  constructor(current: () => readonly string[]) {
    this.#current = current;
  }

  /** For a load of the page that begins now. */
  take(): readonly string[] {
    const origins = this.#current();
    this.#loaded = origins.join(' ');
    return origins;
  }

  /** Whether the page was loaded with other origins than those of now. */
  get isStale(): boolean {
    return this.#loaded !== null && this.#loaded !== this.#current().join(' ');
  }
}

/** The media origins with which the page was loaded, and whether its security policy is out of date. */
export class PageOrigins {
  readonly #current: () => readonly string[];
  #loaded: string | null = null;

  constructor(current: () => readonly string[]) {
    this.#current = current;
  }

  /** Returns the origins for a load of the page that begins now. */
  take(): readonly string[] {
    const origins = this.#current();
    this.#loaded = origins.join(' ');
    return origins;
  }

  /** Whether the page was loaded with other origins than the present ones. */
  get isStale(): boolean {
    return this.#loaded !== null && this.#loaded !== this.#current().join(' ');
  }
}

import type { PartUrl } from '@reelmill/shared/contracts/uploads.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** A window may be forgotten while it is on its way, but not for ever. */
const MAX_WINDOWS = 5;

export interface PartUrlOptions {
  /** Signs these parts; retries by itself. */
  sign: (partNumbers: number[]) => Promise<PartUrl[]>;
  /** The next parts to be sent, at most `count`, in order. */
  upcoming: (count: number) => number[];
  /** How many parts are signed with one call. */
  windowSize: number;
}

/**
 * Signed URLs of the parts that come next, a small window at a time, so that few of them can grow old. Each URL is
 * given out once: a second try of a part gets a fresh one.
 */
export class PartUrls {
  readonly #options: PartUrlOptions;
  readonly #urls = new Map<number, string>();
  #signing: Promise<void> | null = null;

  constructor(options: PartUrlOptions) {
    this.#options = options;
  }

  add(urls: readonly PartUrl[]): void {
    for (const { part_number, url } of urls) this.#urls.set(part_number, url);
  }

  /** The URL of one part; signs it together with those that come next where there is none. */
  async take(partNumber: number): Promise<string> {
    for (let signed = 0; ; ) {
      const url = this.#urls.get(partNumber);
      if (url !== undefined) {
        this.#urls.delete(partNumber);
        return url;
      }
      if (this.#signing !== null) {
        // somebody else's window may bring this part along
        await this.#signing;
        continue;
      }
      if (signed++ === MAX_WINDOWS) {
        throw new ReelmillError('internal', `The server does not sign part ${partNumber}.`, {
          retryable: false,
        });
      }
      await this.#signWindow(partNumber);
    }
  }

  /** A URL was refused: the others are of the same age. */
  forget(): void {
    this.#urls.clear();
  }

  #signWindow(partNumber: number): Promise<void> {
    const next = this.#options.upcoming(this.#options.windowSize).filter((number) => !this.#urls.has(number));
    const window = [...new Set([partNumber, ...next])].slice(0, this.#options.windowSize);
    this.#signing = this.#options
      .sign(window)
      .then((urls) => this.add(urls))
      .finally(() => {
        this.#signing = null;
      });
    return this.#signing;
  }
}

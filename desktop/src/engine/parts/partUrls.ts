import type { PartUrl } from '@reelmill/shared/contracts/uploads.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** How often one part is signed: its window may be discarded while the call is running, but not forever. */
const MAX_WINDOWS = 5;

export interface PartUrlOptions {
  /** Signs these parts, with retries. */
  sign: (partNumbers: number[]) => Promise<PartUrl[]>;
  /** The next parts to be sent, at most `count`, in order. */
  upcoming: (count: number) => number[];
  /** How many parts are signed with one call. */
  windowSize: number;
}

/**
 * Signed URLs of the next parts, a small window at a time, so that few of them expire unused. Each URL is used once: a
 * retry of a part gets a fresh one.
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

  /** Returns the URL of one part; without one, signs it together with the parts that come next. */
  async take(partNumber: number): Promise<string> {
    for (let signed = 0; ; ) {
      const url = this.#urls.get(partNumber);
      if (url !== undefined) {
        this.#urls.delete(partNumber);
        return url;
      }
      if (this.#signing !== null) {
        // the window that is being signed may include this part
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

  /** Discards all URLs, after the store rejected one: the others are of the same age. */
  discard(): void {
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

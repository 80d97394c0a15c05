import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';

const URL_SECONDS = 300;
/** A URL is signed anew so long before it expires. */
const URL_MARGIN_MS = 60_000;

/** The URL at which the store delivers a source, signed when it is needed. */
export class SignedSourceUrl {
  readonly #store: Pick<ObjectStore, 'signGet'>;
  readonly #key: string;
  #signed: { url: string; goodUntil: number } | null = null;

  constructor(store: Pick<ObjectStore, 'signGet'>, key: string) {
    this.#store = store;
    this.#key = key;
  }

  /** Returns a URL that is good for another minute at least. */
  async get(): Promise<string> {
    if (this.#signed === null || Date.now() > this.#signed.goodUntil) {
      const url = await this.#store.signGet(this.#key, { audience: 'internal', expiresSeconds: URL_SECONDS });
      this.#signed = { url, goodUntil: Date.now() + URL_SECONDS * 1000 - URL_MARGIN_MS };
    }
    return this.#signed.url;
  }

  /** The store refused the URL: another one is signed the next time. */
  renew(): void {
    this.#signed = null;
  }
}

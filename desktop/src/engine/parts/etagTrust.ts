import { claimedMd5, plainEtag } from '@reelmill/shared/core/storeEtag.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** More mismatches than this are no coincidence where the store compared each part itself: its ETags are no MD5s. */
const MAX_DISPUTES = 1;

/**
 * Whether the ETags of an upload's parts can be compared:
 *
 *   unknown ──▶ md5     one was the MD5 of what was sent: every ETag that looks like an MD5 must match from now on
 *      └──────▶ other   they are not MD5s, are missing, or were replaced in transit
 *
 * Unless they are MD5s, each part is sent with its MD5, so that the store rejects other bytes.
 */
export class EtagTrust {
  #kind: 'unknown' | 'md5' | 'other' = 'unknown';
  #disputes = 0;

  /** Whether parts can be sent without hashing them first. */
  get areMd5s(): boolean {
    return this.#kind === 'md5';
  }

  /** Whether a part may be intact although it is listed with another ETag than the one in its response. */
  get areOther(): boolean {
    return this.#kind === 'other';
  }

  /**
   * Checks the response to a part and returns the ETag that the store is expected to list. `isCompared` means that the
   * part was sent with its MD5. Throws `network` where other bytes arrived.
   */
  accept(
    headers: Readonly<Record<string, string>>,
    { md5, isCompared }: { md5: string; isCompared: boolean },
  ): string {
    const claimed = claimedMd5(headers);
    if (claimed === md5) this.#kind = 'md5';
    else if (claimed !== null) this.#dispute({ claimed, md5, isCompared });
    else if (this.#kind === 'unknown') this.#kind = 'other';
    const isOwn = this.#kind === 'md5' || headers.etag?.startsWith('W/');
    return isOwn ? md5 : (plainEtag(headers.etag) ?? md5);
  }

  #dispute({ claimed, md5, isCompared }: { claimed: string; md5: string; isCompared: boolean }): void {
    if (this.#kind !== 'md5' && isCompared && this.#disputes++ >= MAX_DISPUTES) this.#kind = 'other';
    if (this.#kind === 'other') return;
    throw new ReelmillError('network', 'The data that the store received does not match what was sent.', {
      details: { expected: md5, received: claimed },
    });
  }
}

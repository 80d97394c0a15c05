import { claimedMd5, plainEtag } from '@reelmill/shared/core/storeEtag.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** So many parts of other bytes than were sent are no chance, where the store has compared each of them itself. */
const MAX_DISPUTES = 1;

/**
 * What the ETags of an upload's parts are good for:
 *
 *   unknown ──▶ md5     one was the MD5 of what was sent: every other one that claims to be an MD5 must be so, too
 *      └──────▶ other   they are no MD5s, or left out, or made up on the way
 *
 * Unless they are MD5s, each part is sent with its MD5, for the store to refuse other bytes.
 */
export class EtagTrust {
  #kind: 'unknown' | 'md5' | 'other' = 'unknown';
  #disputes = 0;

  /** Whether parts need not be hashed before they are sent. */
  get areMd5s(): boolean {
    return this.#kind === 'md5';
  }

  /** Whether a part that is listed with another ETag than it was taken with may be what was sent all the same. */
  get areOther(): boolean {
    return this.#kind === 'other';
  }

  /**
   * Looks at the response to a part and returns the ETag that the store is expected to list. `isCompared` says that the
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
    throw new ReelmillError('network', 'What arrived at the store is not what was sent.', {
      details: { expected: md5, received: claimed },
    });
  }
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { VideoRow } from '../db/rows.ts';

/** `absent`: the query has no parameter of a link; `expired`: its signature is right, its time is over. */
export type LinkVerdict = 'valid' | 'expired' | 'invalid' | 'absent';

/** The query of a link, not validated. */
export interface LinkQuery {
  expires?: unknown;
  signature?: unknown;
  token?: unknown;
}

export const linkQuerySchema = z.object({
  expires: z.string().optional().describe('end of the link, in seconds since 1970'),
  signature: z.string().optional().describe('signature of the link'),
  token: z.string().optional().describe('token of an unlisted video, in place of a signature'),
});

/** The columns of a video that the signatures of its links depend on. */
export type SignedVideo = Pick<VideoRow, 'id' | 'linkVersion'>;

/**
 * Signs names that belong to a video (`master.m3u8`, `watch`). A signature is valid for that name only, and for as long as
 * the video has the same link version.
 */
export interface LinkSigner {
  /** `expires=…&signature=…` */
  sign(video: SignedVideo, name: string, expiresAt: number): string;
  verify(video: SignedVideo, name: string, query: Pick<LinkQuery, 'expires' | 'signature'>): LinkVerdict;
}

/** `secret` is a key for this purpose only. `now` returns milliseconds since 1970. */
export function createLinkSigner(secret: string, now: () => number = Date.now): LinkSigner {
  // version 0 signs like releases without versions, so that their links stay valid
  const hmacOf = ({ id, linkVersion }: SignedVideo, name: string, expiresAt: number) =>
    createHmac('sha256', secret).update(
      `${id}\n${name}\n${expiresAt}${linkVersion === 0 ? '' : `\n${linkVersion}`}`,
    );

  return {
    sign: (video, name, expiresAt) =>
      `expires=${expiresAt}&signature=${hmacOf(video, name, expiresAt).digest('base64url')}`,

    verify(video, name, { expires, signature }) {
      if (expires === undefined && signature === undefined) return 'absent';
      if (typeof expires !== 'string' || typeof signature !== 'string') return 'invalid';
      if (!/^\d{1,12}$/.test(expires)) return 'invalid';
      const expected = hmacOf(video, name, Number(expires)).digest();
      const actual = Buffer.from(signature, 'base64url');
      if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return 'invalid';
      return Number(expires) * 1000 > now() ? 'valid' : 'expired';
    },
  };
}

/**
 * Returns when a link that is signed now expires, in seconds since 1970: between three quarters of the TTL and the whole
 * TTL from now. All links of one quarter of the TTL expire at the same moment, so they are equal and can be cached.
 */
export function linkExpiry(nowMs: number, ttlSeconds: number): number {
  const window = Math.max(1, Math.floor(ttlSeconds / 4));
  return Math.ceil((nowMs / 1000 + ttlSeconds - window) / window) * window;
}

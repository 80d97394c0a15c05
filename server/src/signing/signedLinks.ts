import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { VideoRow } from '../db/rows.ts';

/** `absent`: the query carries nothing of a link at all; `expired`: it was good once. */
export type LinkVerdict = 'valid' | 'expired' | 'invalid' | 'absent';

/** What a link adds to its address, as it came. */
export interface LinkQuery {
  expires?: unknown;
  signature?: unknown;
  token?: unknown;
}

export const linkQuerySchema = z.object({
  expires: z.string().optional().describe('end of the link, in seconds since 1970'),
  signature: z.string().optional().describe('signature of the link'),
  token: z.string().optional().describe('what the link of an unlisted video carries instead'),
});

/** What of a video the signatures of its links depend on. */
export type SignedVideo = Pick<VideoRow, 'id' | 'linkVersion'>;

/**
 * Signs names that belong to a video (`master.m3u8`, `watch`); a signature is good for that one name only, and for as
 * long as the video has the same link version.
 */
export interface LinkSigner {
  /** `expires=…&signature=…` */
  sign(video: SignedVideo, name: string, expiresAt: number): string;
  verify(video: SignedVideo, name: string, query: Pick<LinkQuery, 'expires' | 'signature'>): LinkVerdict;
}

/** `secret` is a key for this purpose alone. `now` is in milliseconds. */
export function createLinkSigner(secret: string, now: () => number = Date.now): LinkSigner {
  // version 0 signs as it was before there were versions: links of that time go on
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
      const given = Buffer.from(signature, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'invalid';
      return Number(expires) * 1000 > now() ? 'valid' : 'expired';
    },
  };
}

/**
 * When a link made now ends, in seconds since 1970: between three quarters of the TTL and the whole TTL from now. Every
 * link made within one quarter of the TTL ends at the same moment, so it stays the same text and can be cached.
 */
export function linkExpiry(nowMs: number, ttlSeconds: number): number {
  const window = Math.max(1, Math.floor(ttlSeconds / 4));
  return Math.ceil((nowMs / 1000 + ttlSeconds - window) / window) * window;
}

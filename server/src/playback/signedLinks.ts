import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** `absent`: the query carries no signature at all; `expired`: it was good once. */
export type LinkVerdict = 'valid' | 'expired' | 'invalid' | 'absent';

/** What a signed link adds to its address, as it came. */
export interface LinkQuery {
  expires?: unknown;
  signature?: unknown;
}

export const linkQuerySchema = z.object({
  expires: z.string().optional().describe('end of the link, in seconds since 1970'),
  signature: z.string().optional().describe('signature of the link'),
});

/** Signs names that belong to a video (`master.m3u8`, `watch`); a signature is good for that one name only. */
export interface LinkSigner {
  /** `expires=…&signature=…` */
  sign(videoId: number, name: string, expiresAt: number): string;
  verify(videoId: number, name: string, query: LinkQuery): LinkVerdict;
}

/** `secret` is a key for this purpose alone. `now` is in milliseconds. */
export function createLinkSigner(secret: string, now: () => number = Date.now): LinkSigner {
  const hmacOf = (videoId: number, name: string, expiresAt: number) =>
    createHmac('sha256', secret).update(`${videoId}\n${name}\n${expiresAt}`);

  return {
    sign: (videoId, name, expiresAt) =>
      `expires=${expiresAt}&signature=${hmacOf(videoId, name, expiresAt).digest('base64url')}`,

    verify(videoId, name, { expires, signature }) {
      if (expires === undefined && signature === undefined) return 'absent';
      if (typeof expires !== 'string' || typeof signature !== 'string') return 'invalid';
      if (!/^\d{1,12}$/.test(expires)) return 'invalid';
      const expected = hmacOf(videoId, name, Number(expires)).digest();
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

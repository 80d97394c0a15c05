import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';

/** Whether a request has the configured `METRICS_TOKEN` as bearer token; false where none is configured. */
export function hasMetricsToken(request: Request, token: string | undefined): boolean {
  const [, bearer = ''] = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '') ?? [];
  return token !== undefined && timingSafeEqual(digest(bearer), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

import type { IncomingHttpHeaders } from 'node:http';

/** What conditions are about: the ETag without quotes, always a strong one. */
export interface Validators {
  etag: string;
  lastModified: Date;
}

/** `failed` is 412; `not_modified` is 304, or 412 for a method that changes something. */
export type Verdict = 'proceed' | 'not_modified' | 'failed';

/**
 * Evaluates the conditions of a request in the order of RFC 9110, 13.2.2.
 *
 * @param object null where there is none
 */
export function evaluateConditions(headers: IncomingHttpHeaders, object: Validators | null): Verdict {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (object === null || !listsTag(ifMatch, object.etag, 'strong')) return 'failed';
  } else if (object !== null && isLater(object, headers['if-unmodified-since']) === true) return 'failed';
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    return object !== null && listsTag(ifNoneMatch, object.etag, 'weak') ? 'not_modified' : 'proceed';
  }
  if (object === null) return 'proceed';
  return isLater(object, headers['if-modified-since']) === false ? 'not_modified' : 'proceed';
}

/** Whether `If-Range` lets `Range` count. A date does so only where nothing can have changed within its second. */
export function allowsRange(headers: IncomingHttpHeaders, object: Validators, now: Date): boolean {
  const { 'if-range': ifRange } = headers;
  if (typeof ifRange !== 'string') return true;
  if (ifRange.includes('"')) return ifRange.trim() === `"${object.etag}"`;
  const modified = wholeSeconds(object.lastModified.getTime());
  return Date.parse(ifRange) === modified && now.getTime() - modified >= 2_000;
}

/** An S3 client may leave the quotes out. */
const TAG = /\s*(W\/)?(?:"([^"]*)"|([^\s",]+))\s*(?:,|$)/gy;

function listsTag(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true;
  for (const [, weak, quoted, bare] of header.matchAll(TAG)) {
    if ((quoted ?? bare) === etag && (comparison === 'weak' || weak === undefined)) return true;
  }
  return false;
}

/** Whether the object was changed after a date; null where there is no valid one. HTTP counts in seconds. */
function isLater({ lastModified }: Validators, date: string | undefined): boolean | null {
  const since = Date.parse(date ?? '');
  return Number.isNaN(since) ? null : wholeSeconds(lastModified.getTime()) > since;
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

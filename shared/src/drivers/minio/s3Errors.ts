import type { ErrorCode } from '../../contracts/errors.ts';
import { ReelmillError } from '../../runtime/errors.ts';

const MEANINGS: Readonly<Record<string, { code: ErrorCode; message: string }>> = {
  NoSuchKey: { code: 'not_found', message: 'There is no such object.' },
  NotFound: { code: 'not_found', message: 'There is no such object.' },
  PreconditionFailed: { code: 'precondition_failed', message: 'The object has changed.' },
  NoSuchUpload: { code: 'upload_gone', message: 'The store does not know this upload, or it has ended.' },
  InvalidPart: { code: 'upload_incomplete', message: 'A part is missing or has other content.' },
  InvalidPartOrder: { code: 'upload_incomplete', message: 'The parts are not in order.' },
  EntityTooSmall: { code: 'upload_incomplete', message: 'A part is smaller than the store allows.' },
  IncompleteBody: { code: 'size_mismatch', message: 'The body ended before its announced size.' },
  BadDigest: { code: 'checksum_mismatch', message: 'The body is not the one that was announced.' },
  EntityTooLarge: { code: 'too_large', message: 'The body is larger than the store allows.' },
  InvalidObjectName: { code: 'validation_failed', message: 'The store does not allow this key.' },
  XMinioInvalidObjectName: { code: 'validation_failed', message: 'The store does not allow this key.' },
  KeyTooLongError: { code: 'validation_failed', message: 'The store does not allow so long a key.' },
  XMinioStorageFull: { code: 'disk_full', message: 'The store is full.' },
};

/** What the port promises for whatever a call to the store threw; errors that have a meaning already pass unchanged. */
export function toStoreError(error: unknown): ReelmillError {
  if (error instanceof ReelmillError) return error;
  const code = s3CodeOf(error);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  if (meaning) return new ReelmillError(meaning.code, meaning.message, { cause: error });
  const reason = code === undefined ? '' : ` (${code})`;
  return new ReelmillError('unavailable', `The object store is unavailable${reason}.`, { cause: error });
}

/**
 * The code of an S3 error (`NoSuchKey`) or of a failed connection (`ECONNRESET`). The client throws errors with a `code`,
 * and, for an error inside a 200, the parsed document itself with a `Code`.
 */
export function s3CodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code = 'code' in error ? error.code : 'Code' in error ? error.Code : undefined;
  return typeof code === 'string' && code !== '' ? code : undefined;
}

/** Whether the connection broke before a response, as a kept-alive one does when the store restarts. */
export function isBrokenConnection(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(s3CodeOf(error) ?? '');
}

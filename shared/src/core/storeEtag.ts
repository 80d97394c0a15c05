/*
 * What the ETag of an object store means. In S3 and MinIO it is the MD5 of a part or an object, but not where they encrypt
 * with keys of their customers (SSE-KMS, SSE-C); and proxies weaken ETags, mark them as those of a compressed body, or
 * leave them out. So an ETag that is not the MD5 is damage only where it claims to be one.
 */

/** The names of response headers are in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

const COMPRESSION = /(?:--?|;)(?:gzip|br|deflate|zstd)$/;
const MD5 = /^[0-9a-f]{32}$/;
/** Server-side encryption under which an ETag is no MD5. */
const KMS = /^aws:kms/;

/** The ETag of an object as the store gave it, from a header or a listing: without quotes and without what proxies add. */
export function plainEtag(text: string | undefined): string | undefined {
  const plain = text?.trim().replace(/^W\//, '').replaceAll('"', '').replace(COMPRESSION, '');
  return plain === '' ? undefined : plain;
}

/** The MD5 that a store claims to hold, in hexadecimal; null where its ETag is none, or of some other kind. */
export function claimedMd5(headers: ResponseHeaders): string | null {
  const encryption = headers['x-amz-server-side-encryption'];
  if (typeof encryption === 'string' && KMS.test(encryption)) return null;
  if (headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined) return null;
  const etag = typeof headers.etag === 'string' ? plainEtag(headers.etag) : undefined;
  return etag !== undefined && MD5.test(etag) ? etag : null;
}

import { createHash, createHmac } from 'node:crypto';

/** A request that a URL is to allow, as Signature Version 4 sees it. `path` is encoded already. */
export interface PresignedRequest {
  method: string;
  /** Scheme and host, such as `https://media.example.org:9443`. */
  origin: string;
  path: string;
  query: Readonly<Record<string, string>>;
  /** Headers besides `host` that the request must carry with exactly these values; names in lower case. */
  headers: Readonly<Record<string, string>>;
}

export interface Signer {
  accessKey: string;
  secretKey: string;
  region: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Returns a URL that allows one request for `expiresSeconds`, by Signature Version 4 of S3. The client library signs
 * nothing but `host`, so that a URL of its own takes a body of any size; here every header of the request is signed,
 * and the store refuses a request that has another value or lacks it.
 */
export function presignUrl(
  request: PresignedRequest,
  signer: Signer,
  { expiresSeconds, now }: { expiresSeconds: number; now: Date },
): string {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const scope = `${date}/${signer.region}/s3/aws4_request`;
  const headers = { host: new URL(request.origin).host, ...request.headers };
  const signedHeaders = Object.keys(headers).sort().join(';');
  const query = Object.entries({
    ...request.query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${signer.accessKey}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': signedHeaders,
  }).map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const canonicalHeaders = Object.entries(headers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`);
  const canonicalRequest = [
    request.method,
    request.path,
    [...query].sort().join('&'),
    canonicalHeaders.join(''),
    signedHeaders,
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const toSign = [ALGORITHM, time, scope, createHash('sha256').update(canonicalRequest).digest('hex')];
  let key: Buffer | string = `AWS4${signer.secretKey}`;
  for (const step of [date, signer.region, 's3', 'aws4_request']) key = hmac(key, step);
  const signature = hmac(key, toSign.join('\n')).toString('hex');
  return `${request.origin}${request.path}?${query.join('&')}&X-Amz-Signature=${signature}`;
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** As RFC 3986 has it, which S3 counts on. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

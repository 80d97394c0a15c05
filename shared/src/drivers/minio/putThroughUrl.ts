import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { claimedMd5, plainEtag } from '../../core/storeEtag.ts';
import type { PutOptions } from '../../ports/objectStore.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { exactSize } from '../store/exactSize.ts';
import { requestWithTimeout } from './s3Client.ts';

/**
 * Streams exactly `sizeBytes` to a signed PUT URL in one request, in flat memory: the client library's own `putObject`
 * buffers up to a part's size. With `md5` the store itself refuses other bytes; an ETag that claims to be an MD5 must be
 * that of what was sent. `cacheControl` is the header that the store sends with the object. Throws `size_mismatch`,
 * `unavailable` where the store holds something else, an error with the store's `code`, or that of the connection.
 */
export async function putThroughUrl(
  url: string,
  body: Readable,
  options: PutOptions & { cacheControl?: string; agent: http.Agent },
): Promise<void> {
  const send = requestWithTimeout(url.startsWith('https:') ? https.request : http.request);
  const request = send({
    ...urlToOptions(url),
    method: 'PUT',
    agent: options.agent,
    headers: {
      'Content-Type': options.contentType,
      'Content-Length': options.sizeBytes,
      ...(options.cacheControl === undefined ? {} : { 'Cache-Control': options.cacheControl }),
      ...(options.md5 === undefined
        ? {}
        : { 'Content-MD5': Buffer.from(options.md5, 'hex').toString('base64') }),
    },
  });
  const responded = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
    request.once('close', () => reject(new Error('the connection closed before a response')));
  });
  // a store that refuses early responds while the body is still being sent
  const refused = responded.then(assertStored);
  const md5 = createHash('md5');
  const sent = pipeline(
    body,
    exactSize(options.sizeBytes),
    async function* hash(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        md5.update(chunk);
        yield chunk;
      }
    },
    request,
    options.signal ? { signal: options.signal } : {},
  );
  try {
    const [, claimed] = await Promise.all([sent, refused]);
    assertSame(claimed, md5.digest('hex'));
  } catch (error) {
    request.destroy();
    const outcomes = await Promise.allSettled([sent, refused]);
    // a wrong size also breaks the connection, and is the better reason
    const fault = outcomes.find(
      (outcome) => outcome.status === 'rejected' && outcome.reason instanceof ReelmillError,
    );
    throw fault?.status === 'rejected' ? fault.reason : error;
  }
}

/** Throws `unavailable`: put again, the right bytes take the place of the wrong ones. */
function assertSame(claimed: string | null, md5: string): void {
  if (claimed === null || claimed === md5) return;
  throw new ReelmillError('unavailable', 'The object store does not hold the bytes that were sent.', {
    diagnostics: `ETag ${claimed}, sent ${md5}`,
  });
}

/** The MD5 that the store claims to have taken, if it does. */
async function assertStored(response: http.IncomingMessage): Promise<string | null> {
  const document = await text(response);
  if (response.statusCode === 200 && isOfStore(response.headers, document))
    return claimedMd5(response.headers);
  const code = /<Code>([^<]+)<\/Code>/.exec(document)?.[1] ?? `HTTP ${response.statusCode}`;
  throw Object.assign(new Error(`the store responded with ${response.statusCode}`), { code });
}

/** S3 sends an ETag or a request id and no body: a page comes from something in between. */
function isOfStore(headers: http.IncomingHttpHeaders, document: string): boolean {
  const isNamed = headers.etag !== undefined && plainEtag(headers.etag) !== undefined;
  return document === '' && (isNamed || headers['x-amz-request-id'] !== undefined);
}

function urlToOptions(url: string): http.RequestOptions {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  return {
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    path: `${pathname}${search}`,
  };
}

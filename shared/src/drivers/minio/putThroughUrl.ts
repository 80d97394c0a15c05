import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ReelmillError } from '../../runtime/errors.ts';
import { exactSize } from '../store/exactSize.ts';
import { requestWithTimeout } from './s3Client.ts';

/**
 * Streams exactly `sizeBytes` to a signed PUT URL in one request, in flat memory: the client library's own `putObject`
 * buffers up to a part's size. Throws `size_mismatch`, an error with the store's `code`, or that of the connection.
 */
export async function putThroughUrl(
  url: string,
  body: Readable,
  options: { contentType: string; sizeBytes: number; agent: http.Agent; signal?: AbortSignal | undefined },
): Promise<void> {
  const send = requestWithTimeout(url.startsWith('https:') ? https.request : http.request);
  const request = send({
    ...urlToOptions(url),
    method: 'PUT',
    agent: options.agent,
    headers: { 'Content-Type': options.contentType, 'Content-Length': options.sizeBytes },
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
    request.once('close', () => reject(new Error('the connection closed before an answer')));
  });
  // a store that refuses early answers while the body is still being sent
  const refused = answered.then(assertStored);
  const sent = pipeline(
    body,
    exactSize(options.sizeBytes),
    request,
    options.signal ? { signal: options.signal } : {},
  );
  try {
    await Promise.all([sent, refused]);
  } catch (error) {
    request.destroy();
    const outcomes = await Promise.allSettled([sent, refused]);
    // a wrong size also breaks the connection, and says more than the break does
    const fault = outcomes.find(
      (outcome) => outcome.status === 'rejected' && outcome.reason instanceof ReelmillError,
    );
    throw fault?.status === 'rejected' ? fault.reason : error;
  }
}

async function assertStored(response: http.IncomingMessage): Promise<void> {
  const document = await text(response);
  if (response.statusCode === 200) return;
  const code = /<Code>([^<]+)<\/Code>/.exec(document)?.[1] ?? `HTTP ${response.statusCode}`;
  throw Object.assign(new Error(`the store answered ${response.statusCode}`), { code });
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

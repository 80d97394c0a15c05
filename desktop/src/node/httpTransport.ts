import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { HttpRequest, HttpResponse, HttpTransport, PutRequest } from '../engine/ports.ts';
import { listIssuers } from './issuers.ts';
import { describeNetworkFailure } from './networkFailure.ts';

/** No answer that the engine reads is longer. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;
const KEEP_ALIVE_MS = 15_000;
const SMALLEST_SLICE_BYTES = 32 * 1024;
const LARGEST_SLICE_BYTES = 1024 * 1024;

/** HTTP over Node's own client, which streams with an exact length, buffers nothing and follows no redirects. */
export class NodeHttpTransport implements HttpTransport {
  readonly #plain = new http.Agent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS });
  readonly #furtherIssuers: string | null;
  #secure: https.Agent | null = null;

  /** `furtherIssuers` are certificates, as PEM, to trust beside those of the system. */
  constructor({ furtherIssuers = null }: { furtherIssuers?: string | null } = {}) {
    this.#furtherIssuers = furtherIssuers;
  }

  async request({ method, url, headers, body, timeoutMs, signal }: HttpRequest): Promise<HttpResponse> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = this.#open(url, {
        method,
        headers: { accept: 'application/json', ...headers, ...length },
      });
      return await withAbort(request, AbortSignal.any([signal, timeout]), async () => {
        const answered = answerOf(request);
        request.end(body);
        return readAnswer(await answered);
      });
    } catch (error) {
      throw explain(error, url, { signal, timeout });
    }
  }

  async put({ url, sizeBytes, md5, body, onSent, signal }: PutRequest): Promise<HttpResponse> {
    const digest = md5 === undefined ? {} : { 'content-md5': Buffer.from(md5, 'hex').toString('base64') };
    try {
      const headers = { 'content-length': String(sizeBytes), ...digest };
      const request = this.#open(url, { method: 'PUT', headers });
      return await withAbort(request, signal, () => sendAndRead(request, body, onSent));
    } catch (error) {
      throw explain(error, url, { signal });
    }
  }

  /** Ends all connections, also those in use; whoever calls again gets a new one. */
  close(): void {
    this.#plain.destroy();
    this.#secure?.destroy();
  }

  /** Hundreds of issuers are read once, and only where they are needed. */
  #secureAgent(): https.Agent {
    this.#secure ??= new https.Agent({
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      secureContext: createSecureContext({ ca: listIssuers(this.#furtherIssuers) }),
    });
    return this.#secure;
  }

  #open(url: string, options: { method: string; headers: Record<string, string> }): ClientRequest {
    const target = new URL(url);
    if (target.protocol === 'https:')
      return https.request(target, { ...options, agent: this.#secureAgent() });
    if (target.protocol === 'http:') return http.request(target, { ...options, agent: this.#plain });
    throw new ReelmillError('validation_failed', `An address must begin with http:// or https://: ${url}`);
  }
}

/** Runs `work` on a request that is destroyed when the signal says so, and whenever the work fails. */
async function withAbort<T>(request: ClientRequest, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const abort = (): void => {
    request.destroy(new Error('aborted'));
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await work();
  } catch (error) {
    request.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.once('close', () => reject(new Error('the connection was closed')));
  });
  // the failure of the sending may be thrown instead of this one
  answered.catch(() => undefined);
  return answered;
}

async function sendAndRead(
  request: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  onSent: (bytes: number) => void,
): Promise<HttpResponse> {
  const answered = answerOf(request);
  const sent = sendBody(request, body, onSent);
  try {
    // an answer before the end of the body is a refusal: the rest need not be sent
    return await readAnswer(await Promise.race([answered, sent.then(() => answered)]));
  } finally {
    if (!request.writableFinished) request.destroy();
    await sent.catch(() => undefined);
  }
}

/** Writes slice by slice, each when the operating system has taken the one before. */
async function sendBody(
  request: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  onSent: (bytes: number) => void,
): Promise<void> {
  let fail: (error: Error) => void = () => undefined;
  request.once('close', () => fail(new Error('the connection was closed')));
  const write = (slice: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      fail = reject;
      if (request.destroyed) return reject(new Error('the connection was closed'));
      request.write(slice, (error) => (error ? reject(error) : resolve()));
    });
  let sliceBytes = SMALLEST_SLICE_BYTES;
  for await (const chunk of body) {
    for (let start = 0; start < chunk.length; ) {
      const slice = chunk.subarray(start, start + sliceBytes);
      const startedMs = performance.now();
      await write(slice);
      onSent(slice.length);
      start += slice.length;
      sliceBytes = fitSlice(sliceBytes, performance.now() - startedMs);
    }
  }
  request.end();
}

/** Large slices cost least; small ones show on a slow line that something moves. */
function fitSlice(sliceBytes: number, tookMs: number): number {
  if (tookMs < 50) return Math.min(LARGEST_SLICE_BYTES, sliceBytes * 2);
  return tookMs > 500 ? Math.max(SMALLEST_SLICE_BYTES, sliceBytes / 2) : sliceBytes;
}

async function readAnswer(answer: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('an answer without an encoding comes as bytes');
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: answer.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** What went wrong, told apart from a stop and from a time that ran out. */
function explain(
  error: unknown,
  url: string,
  signals: { signal: AbortSignal; timeout?: AbortSignal },
): ReelmillError {
  if (signals.signal.aborted) return new ReelmillError('aborted', 'The call was stopped.', { cause: error });
  const host = URL.canParse(url) ? new URL(url).host : url;
  if (signals.timeout?.aborted) {
    return new ReelmillError('timeout', `${host} did not answer in time.`, { cause: error });
  }
  return error instanceof ReelmillError ? error : describeNetworkFailure(error, url);
}

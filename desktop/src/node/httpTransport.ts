import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type PlainRequest, sendRequest } from '@reelmill/shared/runtime/plainHttp.ts';
import type { HttpRequest, HttpResponse, HttpTransport, PutRequest } from '../engine/ports/ports.ts';
import { listCaCerts } from './caCerts.ts';
import { proxyRefusedError, toNetworkError, toProxyError } from './networkError.ts';
import { NO_PROXIES, type Proxies } from './proxies.ts';

/** No response that the engine reads is longer. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const KEEP_ALIVE_MS = 15_000;
const SMALLEST_SLICE_BYTES = 32 * 1024;
const LARGEST_SLICE_BYTES = 1024 * 1024;

/**
 * JSON calls by axios; bodies of files over Node's own client, which streams with an exact length, buffers nothing and
 * returns a response that comes before the end. Neither follows redirects.
 */
export class NodeHttpTransport implements HttpTransport {
  readonly #extraCaCerts: string | null;
  readonly #proxies: Proxies;
  /** By scheme and proxy. */
  readonly #agents = new Map<string, http.Agent>();
  #secureContext: SecureContext | null = null;

  /** `extraCaCerts` are certificates, as PEM, to trust beside those of the system. */
  constructor({
    extraCaCerts = null,
    proxies = NO_PROXIES,
  }: {
    extraCaCerts?: string | null;
    proxies?: Proxies;
  } = {}) {
    this.#extraCaCerts = extraCaCerts;
    this.#proxies = proxies;
  }

  async request({ method, url, headers, body, timeoutMs, signal }: HttpRequest): Promise<HttpResponse> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const request = {
        method,
        url,
        headers: { accept: 'application/json', ...headers },
        ...(body === undefined ? {} : { data: body }),
        ...this.#routeTo(parseTarget(url)),
        signal: AbortSignal.any([signal, timeout]),
      };
      return this.#checkProxy(url, await sendRequest(request, readBody));
    } catch (error) {
      throw this.#toError(error, url, { signal, timeout });
    }
  }

  async put({ url, sizeBytes, md5, body, onSent, signal }: PutRequest): Promise<HttpResponse> {
    const digest = md5 === undefined ? {} : { 'content-md5': Buffer.from(md5, 'hex').toString('base64') };
    try {
      const headers = { 'content-length': String(sizeBytes), ...digest };
      const target = parseTarget(url);
      const open = target.protocol === 'https:' ? https.request : http.request;
      const request = open(target, { method: 'PUT', headers, agent: this.#agentFor(target) });
      const response = await withAbort(request, signal, () => sendAndRead(request, body, onSent));
      return this.#checkProxy(url, response);
    } catch (error) {
      throw this.#toError(error, url, { signal });
    }
  }

  /** Closes all connections, including those in use; later calls open new ones. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** Returns how axios reaches a target: an agent with proxies of its own must not be told that there are none. */
  #routeTo(target: URL): Pick<PlainRequest, 'httpAgent' | 'httpsAgent' | 'proxy'> {
    const agent = this.#agentFor(target);
    const agents = { httpAgent: agent, httpsAgent: agent };
    return this.#proxies.proxyFor(target) === null ? { ...agents, proxy: false } : agents;
  }

  #agentFor(target: URL): http.Agent {
    const proxy = this.#proxies.proxyFor(target);
    const name = `${target.protocol} ${proxy?.href ?? ''}`;
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    const options = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      ...(proxy === null ? {} : { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } }),
    };
    const agent =
      target.protocol === 'https:'
        ? new https.Agent({ ...options, secureContext: this.#trust() })
        : new http.Agent(options);
    this.#agents.set(name, agent);
    return agent;
  }

  /** Hundreds of CA certificates are read once, and only where they are needed. */
  #trust(): SecureContext {
    this.#secureContext ??= createSecureContext({ ca: listCaCerts(this.#extraCaCerts) });
    return this.#secureContext;
  }

  /** Throws where the proxy itself requires authentication; no server behind it responds with 407. */
  #checkProxy(url: string, response: HttpResponse): HttpResponse {
    const proxy = this.#proxies.proxyFor(new URL(url));
    if (proxy !== null && response.status === 407) throw proxyRefusedError(proxy, response.status);
    return response;
  }

  /** Returns the error of a failed call: `aborted`, `timeout`, or why the connection failed. */
  #toError(
    error: unknown,
    url: string,
    signals: { signal: AbortSignal; timeout?: AbortSignal },
  ): ReelmillError {
    if (signals.signal.aborted) {
      return new ReelmillError('aborted', 'The call was aborted.', { cause: error });
    }
    const target = URL.canParse(url) ? new URL(url) : null;
    const proxy = target === null ? null : this.#proxies.proxyFor(target);
    if (signals.timeout?.aborted) {
      const through = proxy === null ? '' : ` through the proxy ${proxy.host}`;
      const host = target?.host ?? url;
      return new ReelmillError('timeout', `${host} did not respond in time${through}.`, { cause: error });
    }
    if (error instanceof ReelmillError) return error;
    return proxy === null ? toNetworkError(error, url) : toProxyError(error, url, proxy);
  }
}

/** Throws `validation_failed` for an address of another scheme. */
function parseTarget(url: string): URL {
  const target = new URL(url);
  if (target.protocol === 'https:' || target.protocol === 'http:') return target;
  throw new ReelmillError('validation_failed', `The address must begin with http:// or https://: ${url}`);
}

/** Runs `work` on a request, which is destroyed when the signal is aborted or the work fails. */
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

function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  const responded = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.once('close', () => reject(new Error('the connection was closed')));
  });
  // the failure to send may be thrown instead of this one
  responded.catch(() => undefined);
  return responded;
}

async function sendAndRead(
  request: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  onSent: (bytes: number) => void,
): Promise<HttpResponse> {
  const responded = responseOf(request);
  const sent = sendBody(request, body, onSent);
  try {
    // a response before the end of the body is a rejection: the rest need not be sent
    return await readBody(await Promise.race([responded, sent.then(() => responded)]));
  } finally {
    if (!request.writableFinished) request.destroy();
    await sent.catch(() => undefined);
  }
}

/** Writes slice by slice, each when the operating system has accepted the one before. */
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

/** Large slices cost least; small ones show progress on a slow connection. */
function fitSlice(sliceBytes: number, tookMs: number): number {
  if (tookMs < 50) return Math.min(LARGEST_SLICE_BYTES, sliceBytes * 2);
  return tookMs > 500 ? Math.max(SMALLEST_SLICE_BYTES, sliceBytes / 2) : sliceBytes;
}

async function readBody(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a response without an encoding is read as bytes');
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) throw new Error('the response is too long');
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') };
}

import type { IncomingMessage } from 'node:http';
import { type Agent, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { performance } from 'node:perf_hooks';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';

const EXCERPT_BYTES = 1_000;

/** What became of one try; `status` is null where there was no answer, and `error` then says why. */
export interface PostOutcome {
  status: number | null;
  /** The beginning of the answer's body. */
  excerpt: string | null;
  error: string | null;
  durationMs: number;
}

export interface PostOptions {
  url: string;
  body: string;
  headers: Record<string, string>;
  /** Whether loopback, private and link-local addresses may be reached. */
  allowPrivate: boolean;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/**
 * Posts JSON to an address that a user chose. The address that is really connected to is checked, whatever its name
 * resolved to before; redirects are not followed. Rejects only when `signal` is aborted.
 */
export async function postMessage(options: PostOptions): Promise<PostOutcome> {
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(options.timeoutSeconds * 1000);
  const elapsedMs = (): number => Math.round(performance.now() - startedAt);
  try {
    const response = await send(options, AbortSignal.any([options.signal, timeout]));
    const excerpt = await readExcerpt(response);
    return { status: response.statusCode ?? 0, excerpt, error: null, durationMs: elapsedMs() };
  } catch (error) {
    options.signal.throwIfAborted();
    const reason = timeout.aborted ? `It did not answer within ${options.timeoutSeconds} s.` : explain(error);
    return { status: null, excerpt: null, error: reason, durationMs: elapsedMs() };
  }
}

function send(options: PostOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const secure = options.url.startsWith('https:');
  const filter = { allowPrivateIPAddress: options.allowPrivate };
  // an agent of its own for each try keeps no connection whose address was checked long ago
  const agent: Agent = secure
    ? new RequestFilteringHttpsAgent(filter)
    : new RequestFilteringHttpAgent(filter);
  return new Promise((resolve, reject) => {
    const request = (secure ? requestHttps : requestHttp)(options.url, {
      method: 'POST',
      headers: { ...options.headers, 'Content-Length': Buffer.byteLength(options.body) },
      agent,
      signal,
    });
    // stays: a connection may break once more after it was given up
    request.on('error', reject);
    request.once('response', resolve);
    request.end(options.body);
  });
}

/** The status is the answer; a body that breaks off or never ends takes nothing away from it. */
async function readExcerpt(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // a response without an encoding yields buffers
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= EXCERPT_BYTES) break;
    }
  } catch {
    // what has come is enough
  }
  response.destroy();
  // databases take no NUL in a text
  return Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8').replaceAll('\0', '');
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'The name of its host cannot be resolved.',
  EAI_AGAIN: 'The name of its host cannot be resolved at the moment.',
  ECONNREFUSED: 'It refused the connection.',
  ECONNRESET: 'It closed the connection without an answer.',
  EHOSTUNREACH: 'Its host cannot be reached.',
  ENETUNREACH: 'Its host cannot be reached.',
  ETIMEDOUT: 'The connection timed out.',
};

/** For its owner: never the address that a name resolved to, which may be nobody else's business. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return 'The request failed.';
  if (/is not allowed/.test(error.message)) return 'Its address is not a public one.';
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'The request failed.' : `The request failed: ${code}.`);
}

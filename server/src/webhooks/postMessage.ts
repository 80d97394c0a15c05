import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { sendRequest } from '@reelmill/shared/runtime/plainHttp.ts';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';

const EXCERPT_BYTES = 1_000;

/** The outcome of one attempt; without a response `status` is null and `error` is the reason. */
export interface PostOutcome {
  status: number | null;
  /** The beginning of the response body. */
  excerpt: string | null;
  error: string | null;
  durationMs: number;
}

export interface PostOptions {
  url: string;
  body: string;
  headers: Record<string, string>;
  /** Whether loopback, private and link-local addresses are allowed. */
  allowPrivate: boolean;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/**
 * Posts JSON to a URL that a user has chosen. Checks the IP address of the actual connection, and follows no redirects.
 * Rejects only when `signal` is aborted.
 */
export async function postMessage(options: PostOptions): Promise<PostOutcome> {
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(options.timeoutSeconds * 1000);
  const elapsedMs = (): number => Math.round(performance.now() - startedAt);
  const filter = { allowPrivateIPAddress: options.allowPrivate };
  try {
    const request = {
      method: 'POST',
      url: options.url,
      headers: options.headers,
      data: options.body,
      // a new agent for each attempt reuses no connection whose address was checked long ago
      httpAgent: new RequestFilteringHttpAgent(filter),
      httpsAgent: new RequestFilteringHttpsAgent(filter),
      // a proxy would look the name up itself, unchecked
      proxy: false as const,
      signal: AbortSignal.any([options.signal, timeout]),
    };
    const received = await sendRequest(request, async (response) => ({
      status: response.statusCode ?? 0,
      excerpt: await readExcerpt(response),
    }));
    return { ...received, error: null, durationMs: elapsedMs() };
  } catch (error) {
    options.signal.throwIfAborted();
    const reason = timeout.aborted
      ? `No response within ${options.timeoutSeconds} s.`
      : formatSendError(error);
    return { status: null, excerpt: null, error: reason, durationMs: elapsedMs() };
  }
}

/** Returns the beginning of the body. A body that is incomplete or never ends is no failure: the status counts. */
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
    // the part that has arrived is enough
  }
  response.destroy();
  // databases reject NUL in a text
  return Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8').replaceAll('\0', '');
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'The host name cannot be resolved.',
  EAI_AGAIN: 'The host name cannot be resolved at the moment.',
  ECONNREFUSED: 'The host refused the connection.',
  ECONNRESET: 'The host closed the connection without a response.',
  EHOSTUNREACH: 'The host cannot be reached.',
  ENETUNREACH: 'The host cannot be reached.',
  ETIMEDOUT: 'The connection timed out.',
};

/** Returns the reason for the owner, without the address that the host name resolved to, which may be internal. */
function formatSendError(error: unknown): string {
  if (!(error instanceof Error)) return 'The request failed.';
  if (/is not allowed/.test(error.message)) return 'The address of the host is not public.';
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'The request failed.' : `The request failed: ${code}.`);
}

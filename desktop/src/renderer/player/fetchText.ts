import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

const TIMEOUT_MS = 20_000;

/** Returns a playlist or a storyboard from the server. */
export async function fetchText(url: string): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { signal, cache: 'no-store', credentials: 'omit' }).catch(
    (cause: unknown) => {
      throw new ReelmillError('network', 'The server cannot be reached.', { cause });
    },
  );
  if (!response.ok)
    throw new ReelmillError('unavailable', `The server responded with HTTP ${response.status}.`);
  return response.text();
}

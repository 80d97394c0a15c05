import { setImmediate } from 'node:timers/promises';
import type { PlaybackUrls } from './urls.ts';

const SIGNED_AT_ONCE = 50;

/** A URL for each key. Thousands of them take a moment, in which the server goes on with its other work. */
export async function signKeys(
  urls: Pick<PlaybackUrls, 'objectUrl'>,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const signed = new Map<string, string>();
  for (const [index, key] of keys.entries()) {
    // a store may sign without ever yielding
    if (index % SIGNED_AT_ONCE === SIGNED_AT_ONCE - 1) await setImmediate();
    signed.set(key, await urls.objectUrl(key));
  }
  return signed;
}

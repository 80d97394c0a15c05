import { setImmediate } from 'node:timers/promises';
import type { PlaybackUrls } from './playbackUrls.ts';

const KEYS_PER_TURN = 50;

/** Returns a signed URL for each key. Yields to the event loop now and then, since a playlist may have thousands. */
export async function signKeys(
  urls: Pick<PlaybackUrls, 'objectUrl'>,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const signed = new Map<string, string>();
  for (const [index, key] of keys.entries()) {
    // a store may sign synchronously
    if (index % KEYS_PER_TURN === KEYS_PER_TURN - 1) await setImmediate();
    signed.set(key, await urls.objectUrl(key));
  }
  return signed;
}

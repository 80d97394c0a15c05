import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** Returns a whole object. Throws `internal` where it is larger than `maxBytes`, and what the store throws. */
export async function readSmallObject(store: ObjectStore, key: string, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  // leaving the loop destroys the stream
  for await (const piece of await store.get(key)) {
    pieces.push(piece);
    size += piece.length;
    if (size > maxBytes) throw new ReelmillError('internal', `${key} is larger than ${maxBytes} bytes.`);
  }
  return Buffer.concat(pieces);
}

import type { FileHandle } from 'node:fs/promises';
import { BufferPool } from './bufferPool.ts';
import { ReelmillError } from './errors.ts';

/** What every reader may hold, however many there are. */
const SMALL_BYTES = 16 * 1024;
/** While large buffers are scarce, a reader takes so much without them first: one that rests at once holds none. */
const SMALL_STRETCH_BYTES = 256 * 1024;
/** After so much, others get their turn with the large buffers. */
const LARGE_STRETCH_BYTES = 16 * 1024 * 1024;

/** Large buffers for readers on behalf of clients: all of them together hold 8 MiB at most. */
const sharedBuffers = new BufferPool({ bufferBytes: 1024 * 1024, maxBuffers: 8, idleMs: 5_000 });

/** A stretch of a file, in bytes. */
interface Stretch {
  start: number;
  length: number;
}

/**
 * Reads a range of an open file piece by piece, mostly the next one while the last one is in use. A piece is valid
 * until the next one is asked for. A reader holds 16 KiB or, while there are enough of them, two of the large buffers
 * of `largeBuffers`, which many readers share. Throws `file_changed` where the file ends before the range does.
 *
 * @param range in bytes; at least one
 */
export async function* readPieces(
  file: FileHandle,
  range: Stretch,
  largeBuffers: BufferPool = sharedBuffers,
): AsyncGenerator<Buffer, void, void> {
  const end = range.start + range.length;
  let start = range.start;
  if (!largeBuffers.isScarce && range.length > SMALL_STRETCH_BYTES)
    start += yield* readWithLargeBuffers(file, { start, end }, largeBuffers);
  while (start < end) {
    const small = { start, length: Math.min(SMALL_STRETCH_BYTES, end - start) };
    yield* readInTurns(file, small, [Buffer.allocUnsafeSlow(Math.min(SMALL_BYTES, small.length))]);
    start += small.length;
    if (start < end) start += yield* readWithLargeBuffers(file, { start, end }, largeBuffers);
  }
}

/** Returns how many bytes it read: none where no large buffers are left. */
async function* readWithLargeBuffers(
  file: FileHandle,
  { start, end }: { start: number; end: number },
  largeBuffers: BufferPool,
): AsyncGenerator<Buffer, number, void> {
  const pair = largeBuffers.borrow(2);
  if (pair === null) return 0;
  try {
    const length = Math.min(LARGE_STRETCH_BYTES, end - start);
    yield* readInTurns(file, { start, length }, pair);
    return length;
  } finally {
    largeBuffers.release(pair);
  }
}

/** With two buffers, one is filled while the other is in use. Nothing touches the buffers or the file afterwards. */
async function* readInTurns(
  file: FileHandle,
  { start, length }: Stretch,
  buffers: readonly Buffer[],
): AsyncGenerator<Buffer, void, void> {
  const end = start + length;
  let turn = 0;
  const read = (from: number): Promise<Buffer> => fill(file, at(buffers, turn++), from, end - from);
  let ahead: Promise<Buffer> | null = null;
  try {
    for (let position = start; position < end; ) {
      const piece = await (ahead ?? read(position));
      position += piece.length;
      ahead = buffers.length > 1 && position < end ? read(position) : null;
      // its failure is thrown when its turn comes, and ignored where the reader has gone by then
      ahead?.catch(() => undefined);
      yield piece;
    }
  } finally {
    await ahead?.catch(() => undefined);
  }
}

function at(buffers: readonly Buffer[], turn: number): Buffer {
  const buffer = buffers[turn % buffers.length];
  if (buffer === undefined) throw new RangeError('no buffer to read into');
  return buffer;
}

/** At least one byte, at most `maxBytes`. */
async function fill(file: FileHandle, buffer: Buffer, position: number, maxBytes: number): Promise<Buffer> {
  const length = Math.min(buffer.length, maxBytes);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead === 0) throw new ReelmillError('file_changed', 'The file became shorter while it was read.');
  return buffer.subarray(0, bytesRead);
}

import type { FileHandle } from 'node:fs/promises';
import { ReelmillError } from './errors.ts';

const PIECE_BYTES = 1024 * 1024;
/** More than are in use at once are not kept. */
const MOST_SPARE = 32;
const spare: Buffer[] = [];

/**
 * Reads a range of an open file through two buffers that take turns: while one is in use, the other is filled. A piece
 * is valid until the next one is asked for. Buffers are used again by later ranges: fresh ones would pile up faster
 * than they are collected, and collecting them would cost more than the reading. Throws `file_changed` where the file
 * ends before the range does.
 *
 * @param range in bytes; at least one
 */
export async function* readPieces(
  file: FileHandle,
  range: { start: number; length: number },
): AsyncGenerator<Buffer, void, void> {
  let [free, busy] = [borrowBuffer(), borrowBuffer()];
  let ahead: Promise<unknown> = Promise.resolve();
  try {
    const readOn = (from: number): Promise<Buffer> => {
      [free, busy] = [busy, free];
      const reading = fill(file, busy, range.start + from, range.length - from);
      ahead = reading.catch(() => undefined);
      return reading;
    };
    let next = readOn(0);
    for (let given = 0; ; ) {
      const piece = await next;
      given += piece.length;
      if (given < range.length) next = readOn(given);
      yield piece;
      if (given === range.length) return;
    }
  } finally {
    // a read in the air must not meet a closed file, nor somebody else's buffer
    await ahead;
    giveBack(free, busy);
  }
}

function borrowBuffer(): Buffer {
  // shared, so that another thread can work on it without a copy
  return spare.pop() ?? Buffer.from(new SharedArrayBuffer(PIECE_BYTES));
}

function giveBack(...buffers: Buffer[]): void {
  spare.push(...buffers.slice(0, MOST_SPARE - spare.length));
}

/** At least one byte, at most `most`. */
async function fill(file: FileHandle, buffer: Buffer, position: number, most: number): Promise<Buffer> {
  const length = Math.min(buffer.length, most);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead === 0) throw new ReelmillError('file_changed', 'The file became shorter while it was read.');
  return buffer.subarray(0, bytesRead);
}

import { type FileHandle, open, stat } from 'node:fs/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { ByteRange, FileSource } from '../engine/ports.ts';

const CHUNK_BYTES = 1024 * 1024;
/** More than are in use at once are not kept. */
const MOST_SPARE = 32;
const spare: Buffer[] = [];

/**
 * Files of the local disk. A range is read through two buffers that take turns: while one is hashed and sent, the
 * other is filled. Buffers are used again by later ranges: fresh ones would pile up faster than they are collected.
 */
export const nodeFileSource: FileSource = {
  stat: async (path) => {
    const found = await stat(path).catch((error: unknown) => {
      throw unreadable(error);
    });
    if (!found.isFile()) throw new ReelmillError('file_unreadable', 'This is not a file.');
    return { sizeBytes: found.size, mtimeMs: found.mtimeMs };
  },
  read: readRange,
};

async function* readRange(path: string, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(error);
  });
  let [free, busy] = [borrowBuffer(), borrowBuffer()];
  let ahead: Promise<unknown> = Promise.resolve();
  try {
    const readOn = (from: number): Promise<Uint8Array> => {
      [free, busy] = [busy, free];
      const reading = fill(file, busy, range.start + from, range.length - from);
      ahead = reading.catch(() => undefined);
      return reading;
    };
    let next = readOn(0);
    for (let sent = 0; ; ) {
      const chunk = await next;
      signal.throwIfAborted();
      sent += chunk.length;
      if (sent < range.length) next = readOn(sent);
      yield chunk;
      if (sent === range.length) return;
    }
  } finally {
    // a read in the air must not meet a closed file, nor somebody else's buffer
    await ahead;
    giveBack(free, busy);
    await file.close();
  }
}

function borrowBuffer(): Buffer {
  // shared, so that another thread hashes it without a copy
  return spare.pop() ?? Buffer.from(new SharedArrayBuffer(CHUNK_BYTES));
}

function giveBack(...buffers: Buffer[]): void {
  spare.push(...buffers.slice(0, MOST_SPARE - spare.length));
}

/** At least one byte, at most `most`. */
async function fill(file: FileHandle, buffer: Buffer, position: number, most: number): Promise<Uint8Array> {
  const length = Math.min(buffer.length, most);
  const { bytesRead } = await file.read(buffer, 0, length, position).catch((error: unknown) => {
    throw unreadable(error);
  });
  if (bytesRead === 0) throw new ReelmillError('file_changed', 'The file became shorter while it was read.');
  return buffer.subarray(0, bytesRead);
}

function unreadable(cause: unknown): ReelmillError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: 'There is no such file.',
    EACCES: 'The file may not be read.',
    EPERM: 'The file may not be read.',
    EISDIR: 'This is a folder, not a file.',
    ENOTDIR: 'There is no such file.',
  };
  const reason =
    typeof code === 'string' ? (reasons[code] ?? `The file cannot be read (${code}).`) : undefined;
  return new ReelmillError('file_unreadable', reason ?? 'The file cannot be read.', { cause });
}

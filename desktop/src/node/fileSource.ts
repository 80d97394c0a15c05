import { open, stat } from 'node:fs/promises';
import { BufferPool } from '@reelmill/shared/runtime/bufferPool.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { readPieces } from '@reelmill/shared/runtime/readPieces.ts';
import type { ByteRange, FileSource } from '../engine/ports/ports.ts';

/** Enough for every part that is sent at a time; the user sets how many. */
const buffers = new BufferPool({ bufferBytes: 1024 * 1024, maxBuffers: 64, idleMs: 5_000 });

/** Files of the local disk. A piece of a range is valid until the next one is requested. */
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
  try {
    for await (const piece of readPieces(file, range, buffers)) {
      signal.throwIfAborted();
      yield piece;
    }
  } catch (error) {
    throw error instanceof ReelmillError || signal.aborted ? error : unreadable(error);
  } finally {
    await file.close();
  }
}

function unreadable(cause: unknown): ReelmillError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: 'There is no such file.',
    EACCES: 'You do not have permission to read the file.',
    EPERM: 'You do not have permission to read the file.',
    EISDIR: 'This is a folder, not a file.',
    ENOTDIR: 'There is no such file.',
  };
  const reason =
    typeof code === 'string' ? (reasons[code] ?? `The file cannot be read (${code}).`) : undefined;
  return new ReelmillError('file_unreadable', reason ?? 'The file cannot be read.', { cause });
}

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exactSize } from '../store/exactSize.ts';
import { drawWithin } from './drawWithin.ts';
import { type BudgetShare, WriteBudget } from './writeBudget.ts';

// network chunks of 64 KiB gather here while a write is under way and go to the disk together
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024;
const budget = new WriteBudget(8 * 1024 * 1024);

/**
 * Writes exactly `sizeBytes` from `source` at `position` and makes them durable. Resolves with the bytes' MD5 in
 * hexadecimal. Throws `size_mismatch` for fewer or more bytes; the file then holds an unknown part of them.
 * When it settles, nothing writes to the file any more. What waits for the disk is bounded for all callers together.
 */
export async function receiveBytes(
  source: Readable,
  file: FileHandle,
  options: { position: number; sizeBytes: number; signal?: AbortSignal | undefined },
): Promise<string> {
  const md5 = createHash('md5');
  const share = budget.open();
  const sink = new FileSink(file, options.position, share);
  try {
    await pipeline(
      source,
      () => drawWithin(source, share),
      exactSize(options.sizeBytes),
      async function* hash(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          md5.update(chunk);
          yield chunk;
        }
      },
      sink,
      options.signal ? { signal: options.signal } : {},
    );
  } finally {
    // an aborted pipeline does not wait for it, and a closed file's number may be another file's by then
    await sink.writing;
    share.close();
  }
  await file.datasync();
  return md5.digest('hex');
}

/** Writes to a stretch of an open file, which stays open. */
class FileSink extends Writable {
  /** Settles when no write is under way; never rejects. */
  writing: Promise<void> = Promise.resolve();
  readonly #file: FileHandle;
  readonly #share: BudgetShare;
  #position: number;

  constructor(file: FileHandle, position: number, share: BudgetShare) {
    super({ highWaterMark: WRITE_BUFFER_BYTES });
    this.#file = file;
    this.#share = share;
    this.#position = position;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#write([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#write(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #write(buffers: Buffer[], done: (error?: Error) => void): void {
    this.writing = this.#writeFully(buffers).then(() => done(), done);
  }

  async #writeFully(buffers: Buffer[]): Promise<void> {
    const sizeBytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    let { bytesWritten } = await this.#file.writev(buffers, this.#position);
    // a nearly full disk may take less than it was given
    while (bytesWritten < sizeBytes) {
      const rest = Buffer.concat(buffers).subarray(bytesWritten);
      bytesWritten += (await this.#file.write(rest, 0, rest.length, this.#position + bytesWritten))
        .bytesWritten;
    }
    this.#position += sizeBytes;
    this.#share.release(sizeBytes);
  }
}

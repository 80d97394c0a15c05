import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exactSize } from '../store/exactSize.ts';
import { readWithinBudget } from './readWithinBudget.ts';
import { type BudgetShare, WriteBudget } from './writeBudget.ts';

// network chunks of 64 KiB gather here while a write is under way and go to the disk together
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024;
const budget = new WriteBudget(8 * 1024 * 1024);
/** A client that goes on sending after a refusal has so long to read it; many do so only when they have sent everything. */
const REFUSED_MS = 5_000;

/** Is asked before bytes go to the disk. */
export interface WriteGate {
  /** Throws where they must not be written. */
  claim(sizeBytes: number): Promise<void>;
  /** Is called once with what `claim` threw, while the source may still go on. */
  onRefused(error: unknown): void;
}

/**
 * Writes exactly `sizeBytes` from `source` at `position` and makes them durable. Resolves with the bytes' MD5 in
 * hexadecimal. Throws `size_mismatch` for fewer or more bytes; the file then holds an unknown part of them.
 * Once it has resolved or rejected, nothing writes to the file any more. What waits for the disk is bounded for all callers together.
 * Throws what the gate refuses with, at the end of the source or a moment later; what comes until then is passed over.
 */
export async function receiveBytes(
  source: Readable,
  file: FileHandle,
  options: {
    position: number;
    sizeBytes: number;
    signal?: AbortSignal | undefined;
    gate?: WriteGate | undefined;
    /** Nobody else has the source's buffers: they are freed as soon as they are written. */
    freesBuffers?: boolean;
  },
): Promise<string> {
  const md5 = createHash('md5');
  const share = budget.open();
  const { position, gate, freesBuffers = false } = options;
  const sink = new FileSink(file, { position, share, gate, freesBuffers });
  try {
    await pipeline(
      source,
      () => readWithinBudget(source, share),
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
    sink.forget();
    share.close();
  }
  await file.datasync();
  return md5.digest('hex');
}

interface SinkOptions {
  position: number;
  share: BudgetShare;
  gate: WriteGate | undefined;
  freesBuffers: boolean;
}

/** Gives memory back that is the buffer's alone: the collector lets 64 MiB of such buffers pile up before it looks. */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/** Writes to a stretch of an open file, which stays open. */
class FileSink extends Writable {
  /** Resolves when no write is under way; never rejects. */
  writing: Promise<void> = Promise.resolve();
  readonly #file: FileHandle;
  readonly #share: BudgetShare;
  readonly #gate: WriteGate | undefined;
  readonly #freesBuffers: boolean;
  #position: number;
  #refusal: Error | undefined;
  #refusalEnds: NodeJS.Timeout | undefined;

  constructor(file: FileHandle, { position, share, gate, freesBuffers }: SinkOptions) {
    super({ highWaterMark: WRITE_BUFFER_BYTES });
    this.#file = file;
    this.#share = share;
    this.#gate = gate;
    this.#freesBuffers = freesBuffers;
    this.#position = position;
  }

  /** Ends the wait for a sender that goes on after a refusal. */
  forget(): void {
    clearTimeout(this.#refusalEnds);
  }

  override _final(done: (error?: Error) => void): void {
    done(this.#refusal);
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
    if (await this.#mayWrite(sizeBytes)) await this.#writeAt(buffers, sizeBytes);
    if (this.#freesBuffers) for (const buffer of buffers) free(buffer);
    this.#share.release(sizeBytes);
  }

  async #writeAt(buffers: Buffer[], sizeBytes: number): Promise<void> {
    let { bytesWritten } = await this.#file.writev(buffers, this.#position);
    // a nearly full disk may take less than it was given
    while (bytesWritten < sizeBytes) {
      const rest = Buffer.concat(buffers).subarray(bytesWritten);
      bytesWritten += (await this.#file.write(rest, 0, rest.length, this.#position + bytesWritten))
        .bytesWritten;
    }
    this.#position += sizeBytes;
  }

  async #mayWrite(sizeBytes: number): Promise<boolean> {
    if (this.#refusal !== undefined) return false;
    try {
      await this.#gate?.claim(sizeBytes);
      return true;
    } catch (error) {
      const refusal = error instanceof Error ? error : new Error(String(error));
      this.#refusal = refusal;
      this.#refusalEnds = setTimeout(() => this.destroy(refusal), REFUSED_MS);
      this.#gate?.onRefused(refusal);
      return false;
    }
  }
}

import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { FarmFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { retry } from '@reelmill/shared/runtime/retry.ts';
import pLimit from 'p-limit';
import { tooMuchOutput } from '../limits/limitErrors.ts';
import { diskFaultOf } from '../scratch/diskFaults.ts';

const CONCURRENCY = 3;
const ATTEMPTS = 5;
const RETRY = { baseMs: 200, maxMs: 5_000 };
/** Few large reads cost less than many small ones, beside encoders that need the cores. */
const READ_BYTES = 512 * 1024;
/** What the store says of a body that is not what was announced. */
const CHANGED_CODES: ReadonlySet<ErrorCode> = new Set(['size_mismatch', 'checksum_mismatch']);

/** A finished local file on its way into the store; the file is gone once it is there, unless it is kept. */
export interface Upload {
  file: string;
  key: string;
  contentType: string;
  sizeBytes: number;
  /** Of the bytes that were verified, in hexadecimal: a file that has changed since is not stored. */
  md5: string;
  keep?: boolean;
}

/**
 * Puts files into the store while more are being made: a few at a time, each tried again a few times. After the
 * first upload that failed for good nothing more is begun: `drain` throws it, `failure` has it.
 */
export class SegmentUploader {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;
  readonly #abandoned = new AbortController();
  readonly #limit = pLimit(CONCURRENCY);
  /** Those that wait are among them. */
  readonly #running = new Set<Promise<void>>();
  #failure: ReelmillError | undefined;
  #bytes = 0;

  constructor(store: ObjectStore, signal: AbortSignal, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
    this.#signal = AbortSignal.any([signal, this.#abandoned.signal]);
  }

  /** Why uploading ended early, if it did. */
  get failure(): ReelmillError | undefined {
    return this.#failure;
  }

  /** Throws `limits_exceeded` where everything together would be more than `maxBytes`. */
  add(upload: Upload, onDone: () => void): void {
    this.#bytes += upload.sizeBytes;
    if (this.#bytes > this.#maxBytes) throw tooMuchOutput();
    const running = this.#limit(() => this.#run(upload, onDone)).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when everything that was added is in the store; throws what kept it out. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failure) throw this.#failure;
  }

  /** Abandons what is not in the store yet; resolves when nothing runs any more. Does nothing after `drain`. */
  async abandon(): Promise<void> {
    this.#abandoned.abort();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run(upload: Upload, onDone: () => void): Promise<void> {
    if (this.#failure || this.#abandoned.signal.aborted) return;
    try {
      await this.#upload(upload);
      onDone();
    } catch (error) {
      this.#failure ??= toError(error);
    }
  }

  async #upload(upload: Upload): Promise<void> {
    const signal = this.#signal;
    const shouldRetry = (error: unknown, attempt: number): boolean =>
      error instanceof ReelmillError && error.retryable && attempt < ATTEMPTS && !signal.aborted;
    await retry(() => this.#putOnce(upload), { shouldRetry, backoff: RETRY, signal });
    if (!upload.keep) await rm(upload.file);
  }

  async #putOnce({ file, key, contentType, sizeBytes, md5 }: Upload): Promise<void> {
    const body = createReadStream(file, { highWaterMark: READ_BYTES });
    try {
      await this.#store.put(key, body, { contentType, sizeBytes, md5, signal: this.#signal });
    } finally {
      body.destroy();
    }
  }
}

function toError(error: unknown): ReelmillError {
  if (error instanceof ReelmillError && CHANGED_CODES.has(error.code)) {
    return new FarmFault('output_damaged', 'A finished file has changed before it was stored.', {
      cause: error,
      diagnostics: error.message,
    });
  }
  if (error instanceof ReelmillError) return error;
  const diskFault = diskFaultOf(error);
  if (diskFault !== null) return diskFault;
  const aborted = error instanceof Error && error.name === 'AbortError';
  return aborted
    ? new ReelmillError('aborted', 'The task was stopped.', { cause: error })
    : new FarmFault('unavailable', 'A finished segment could not be stored.', { cause: error });
}

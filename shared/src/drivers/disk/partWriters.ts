import { ReelmillError } from '../../runtime/errors.ts';

interface Writer {
  abort: AbortController;
  ended: Promise<void>;
}

/**
 * Who is writing which part of which upload, in this process; an object that is PUT as a whole is an upload by its key,
 * with one part. A part has one writer at a time: a newer one stops the older, whose client no longer waits for it, and waits
 * until it no longer touches the file. Writers of an upload that is being joined or discarded wait until that has ended.
 */
export class PartWriters {
  readonly #uploads = new Map<string, Map<number, Writer>>();
  readonly #closed = new Map<string, Promise<void>>();

  async run<T>(uploadId: string, partNumber: number, write: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let wait = this.#stopOlder(uploadId, partNumber); wait; wait = this.#stopOlder(uploadId, partNumber))
      await wait;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const writer: Writer = { abort: new AbortController(), ended };
    const writers = this.#uploads.get(uploadId) ?? new Map<number, Writer>();
    this.#uploads.set(uploadId, writers.set(partNumber, writer));
    try {
      return await write(writer.abort.signal);
    } finally {
      writers.delete(partNumber);
      if (writers.size === 0) this.#uploads.delete(uploadId);
      end();
    }
  }

  /** Runs `work` while the upload has no writers and gets none. Throws `upload_incomplete` where it has some. */
  async close<T>(uploadId: string, work: () => Promise<T>): Promise<T> {
    if (this.#uploads.has(uploadId))
      throw new ReelmillError('upload_incomplete', 'Parts of this upload are still being received.');
    const { promise: reopened, resolve: reopen } = Promise.withResolvers<void>();
    this.#closed.set(uploadId, reopened);
    try {
      return await work();
    } finally {
      this.#closed.delete(uploadId);
      reopen();
    }
  }

  /** Stops the upload's writers and waits for them. */
  async stop(uploadId: string): Promise<void> {
    const writers = [...(this.#uploads.get(uploadId)?.values() ?? [])];
    for (const writer of writers) writer.abort.abort();
    await Promise.all(writers.map((writer) => writer.ended));
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#uploads.keys()].map((uploadId) => this.stop(uploadId)));
  }

  /** What a new writer has to wait for, if anything. */
  #stopOlder(uploadId: string, partNumber: number): Promise<void> | undefined {
    const older = this.#uploads.get(uploadId)?.get(partNumber);
    older?.abort.abort(superseded());
    return older?.ended ?? this.#closed.get(uploadId);
  }
}

function superseded(): ReelmillError {
  return new ReelmillError(
    'state_conflict',
    'A later request for the same bytes took the place of this one.',
  );
}

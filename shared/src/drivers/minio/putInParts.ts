import { Readable } from 'node:stream';
import { partSizeOf, planParts } from '../../core/uploadPlan.ts';
import type { ObjectStore } from '../../ports/objectStore.ts';
import { ReelmillError } from '../../runtime/errors.ts';

const PART_URL_SECONDS = 3600;

/**
 * Streams an object that is too large for one PUT: part after part, in flat memory, joined at the end. `putPart` sends
 * one part through its URL. The upload is aborted where anything fails.
 */
export async function putInParts(
  store: Pick<ObjectStore, 'createUpload' | 'signPart' | 'listParts' | 'completeUpload' | 'abortUpload'>,
  {
    key,
    body,
    contentType,
    sizeBytes,
  }: { key: string; body: Readable; contentType: string; sizeBytes: number },
  putPart: (url: string, part: Readable, sizeBytes: number) => Promise<void>,
): Promise<void> {
  const plan = { ...planParts(sizeBytes), sizeBytes };
  const upload = await store.createUpload(key, { contentType, ...plan });
  try {
    const slices = new Slices(body);
    for (let number = 1; number <= plan.partCount; number += 1) {
      const bytes = partSizeOf(plan, number);
      const url = await store.signPart(upload, number, {
        audience: 'internal',
        expiresSeconds: PART_URL_SECONDS,
      });
      await putPart(url, Readable.from(slices.take(bytes)), bytes);
    }
    if (!(await slices.isAtEnd())) {
      throw new ReelmillError('size_mismatch', `The body has more than ${sizeBytes} bytes.`);
    }
    await store.completeUpload(upload, await store.listParts(upload));
  } catch (error) {
    await store.abortUpload(upload).catch(() => undefined);
    throw error;
  } finally {
    body.destroy();
  }
}

/** A stream cut into stretches that are read one after the other. */
class Slices {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(body: Readable) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** The next `sizeBytes`, or fewer at the stream's end. */
  async *take(sizeBytes: number): AsyncGenerator<Buffer> {
    let left = sizeBytes;
    while (left > 0 && (await this.#fill())) {
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }
}

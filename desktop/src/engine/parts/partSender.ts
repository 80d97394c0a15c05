import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { assertPartStored } from '../api/responses.ts';
import type { UploadContext } from '../context.ts';
import type { Retrier } from '../flow/retry.ts';
import { Watchdog } from '../flow/watchdog.ts';
import type { ByteRange, StreamDigest } from '../ports/ports.ts';
import type { TransferMeter } from '../record/transferMeter.ts';
import type { EtagTrust } from './etagTrust.ts';
import { assertUnchanged, type FileIdentity } from './fingerprint.ts';
import { type PartPlan, partRange } from './partPlan.ts';
import type { PartUrls } from './partUrls.ts';

export interface PartSenderOptions {
  context: UploadContext;
  path: string;
  identity: FileIdentity;
  plan: PartPlan;
  urls: PartUrls;
  etags: EtagTrust;
  meter: TransferMeter;
  retrier: Retrier;
}

/** Streams single parts from disk to the store. */
export class PartSender {
  readonly #options: PartSenderOptions;

  constructor(options: PartSenderOptions) {
    this.#options = options;
  }

  /** Sends one part, with retries, and returns the ETag that the store is expected to list. */
  async send(partNumber: number, signal: AbortSignal): Promise<string> {
    const { context, path, identity, urls, meter, retrier } = this.#options;
    for (let attempt = 1; ; attempt++) {
      await assertUnchanged(context, path, identity, signal);
      const url = await urls.take(partNumber);
      try {
        return await this.#sendOnce(partNumber, url, signal);
      } catch (error) {
        meter.drop(partNumber);
        if (error instanceof ReelmillError && error.code === 'signature_invalid') urls.discard();
        await retrier.waitAfter(error, { call: `part ${partNumber}`, attempt, signal });
      }
    }
  }

  async #sendOnce(partNumber: number, url: string, signal: AbortSignal): Promise<string> {
    const { context, plan, meter, etags } = this.#options;
    const range = partRange(plan, partNumber);
    const known = etags.areMd5s ? {} : { md5: await this.#hash(range, signal) };
    const digest = context.digests.md5();
    const watchdog = new Watchdog(context.clock, context.settings.stallMs);
    try {
      const watched = AbortSignal.any([signal, watchdog.signal]);
      const response = await context.transport.put({
        url,
        sizeBytes: range.length,
        ...known,
        body: this.#body(range, digest, watchdog, watched),
        onSent: (bytes) => {
          watchdog.feed();
          meter.send(partNumber, bytes);
        },
        signal: watched,
      });
      assertPartStored(response);
      const isCompared = 'md5' in known;
      const etag = etags.accept(response.headers, { md5: await digest.hex(), isCompared });
      meter.acknowledge(partNumber, range.length);
      return etag;
    } catch (error) {
      if (!watchdog.hasFired || signal.aborted) throw error;
      const seconds = Math.round(watchdog.silenceMs / 1000);
      throw new ReelmillError('timeout', `No data was transferred for ${seconds} seconds.`, { cause: error });
    } finally {
      watchdog.stop();
      digest.drop();
    }
  }

  async #hash(range: ByteRange, signal: AbortSignal): Promise<string> {
    const { context, path } = this.#options;
    const digest = context.digests.md5();
    try {
      for await (const chunk of context.files.read(path, range, signal)) await digest.update(chunk);
      return await digest.hex();
    } finally {
      digest.drop();
    }
  }

  /** Yields the bytes of a part within the rate limit, and hashes them. */
  async *#body(
    range: ByteRange,
    digest: StreamDigest,
    watchdog: Watchdog,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const { context, path } = this.#options;
    for await (const chunk of context.files.read(path, range, signal)) {
      watchdog.feed();
      const hashed = digest.update(chunk);
      // thrown by the await below; unhandled where the request ends before that
      hashed.catch(() => undefined);
      for (let start = 0; start < chunk.length; ) {
        const granted = await watchdog.pauseFor(context.limiter.take(chunk.length - start, signal));
        yield chunk.subarray(start, start + granted);
        start += granted;
      }
      await hashed;
    }
    watchdog.setSilence(context.settings.responseMs);
  }
}

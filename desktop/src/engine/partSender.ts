import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadContext } from './context.ts';
import { storeFailure } from './failures.ts';
import { assertUnchanged, type FileIdentity } from './fingerprint.ts';
import { type PartPlan, partRange } from './partPlan.ts';
import type { PartUrls } from './partUrls.ts';
import type { ByteRange, StreamDigest } from './ports.ts';
import type { Retrier } from './retry.ts';
import type { TransferMeter } from './transferMeter.ts';
import { Watchdog } from './watchdog.ts';

export interface PartSenderOptions {
  context: UploadContext;
  path: string;
  identity: FileIdentity;
  plan: PartPlan;
  urls: PartUrls;
  meter: TransferMeter;
  retrier: Retrier;
}

/** A store that answers with another ETag so often does not mean the MD5 by it. */
const MOST_MISMATCHES = 8;

/** Streams single parts from the disk to the store. */
export class PartSender {
  readonly #options: PartSenderOptions;

  constructor(options: PartSenderOptions) {
    this.#options = options;
  }

  /** Sends one part, again and again if need be, and answers the ETag that the store and this side agree on. */
  async send(partNumber: number, signal: AbortSignal): Promise<string> {
    const { context, path, identity, urls, meter, retrier } = this.#options;
    for (let attempt = 1; ; attempt++) {
      await assertUnchanged(context, path, identity, signal);
      const url = await urls.take(partNumber);
      try {
        return await this.#sendOnce(partNumber, { url, attempt }, signal);
      } catch (error) {
        meter.drop(partNumber);
        if (error instanceof ReelmillError && error.code === 'signature_invalid') urls.forget();
        await retrier.waitAfter(error, { call: `part ${partNumber}`, attempt, signal });
      }
    }
  }

  async #sendOnce(
    partNumber: number,
    { url, attempt }: { url: string; attempt: number },
    signal: AbortSignal,
  ): Promise<string> {
    const { context, plan, meter } = this.#options;
    const range = partRange(plan, partNumber);
    const digest = context.digests.md5();
    const watchdog = new Watchdog(context.clock, context.settings.stallMs);
    try {
      const watched = AbortSignal.any([signal, watchdog.signal]);
      const response = await context.transport.put({
        url,
        sizeBytes: range.length,
        body: this.#body(range, digest, watchdog, watched),
        onSent: (bytes) => {
          watchdog.feed();
          meter.send(partNumber, bytes);
        },
        signal: watched,
      });
      if (response.status < 200 || response.status > 299) throw storeFailure(response);
      const etag = agreeOnEtag(response.headers.etag, await digest.hex(), attempt);
      meter.acknowledge(partNumber, range.length);
      return etag;
    } catch (error) {
      if (!watchdog.hasBitten || signal.aborted) throw error;
      const seconds = Math.round(watchdog.silenceMs / 1000);
      throw new ReelmillError('timeout', `Nothing moved for ${seconds} seconds.`, { cause: error });
    } finally {
      watchdog.stop();
      digest.drop();
    }
  }

  /** The bytes of a part at the speed that is allowed, hashed on their way. */
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
      // told by the await below; nobody waits for it where the part is given up before
      hashed.catch(() => undefined);
      for (let start = 0; start < chunk.length; ) {
        const granted = await watchdog.hold(context.limiter.take(chunk.length - start, signal));
        yield chunk.subarray(start, start + granted);
        start += granted;
      }
      await hashed;
    }
    watchdog.allow(context.settings.answerMs);
  }
}

function agreeOnEtag(header: string | undefined, expected: string, attempt: number): string {
  const etag = header?.replaceAll('"', '');
  if (etag === expected) return expected;
  throw new ReelmillError('network', 'What arrived at the store is not what was sent.', {
    details: { expected, received: etag },
    retryable: attempt < MOST_MISMATCHES,
  });
}

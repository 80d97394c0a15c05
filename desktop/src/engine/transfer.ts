import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadContext } from './context.ts';
import { Delivery } from './delivery.ts';
import { type FileIdentity, identifyFile } from './fingerprint.ts';
import { JournalWriter } from './journalWriter.ts';
import { partRange } from './partPlan.ts';
import { type OpenUpload, openRemoteUpload } from './remoteUpload.ts';
import type { Retrier } from './retry.ts';
import type { UploadRecord } from './uploadRecord.ts';

/** A file that changes more often than this is still being written. */
const MOST_RESTARTS = 3;

/** Brings one file to the server, from looking at it to the answer of `complete`. */
export class Transfer {
  readonly #context: UploadContext;
  readonly #record: UploadRecord;
  readonly #retrier: Retrier;
  readonly #journalKey: string;

  constructor(context: UploadContext, record: UploadRecord, retrier: Retrier) {
    this.#context = context;
    this.#record = record;
    this.#retrier = retrier;
    this.#journalKey = journalKeyOf(context, record.path);
  }

  /**
   * Answers the video as `complete` left it. Throws `aborted` when the signal says so; the upload stays on the server
   * and in the journal then, as it does after any other error.
   */
  async run(signal: AbortSignal): Promise<Video> {
    for (let restarts = 0; ; restarts++) {
      try {
        return await this.#runOnce(signal);
      } catch (error) {
        if (!(error instanceof ReelmillError) || error.code !== 'file_changed') throw error;
        await this.giveUp(signal);
        if (restarts === MOST_RESTARTS) {
          throw new ReelmillError('file_changed', 'The file keeps changing. Upload it when it is finished.', {
            cause: error,
          });
        }
        this.#record.restart('file_changed');
      }
    }
  }

  /** Aborts the upload on the server and forgets it here. */
  async giveUp(signal: AbortSignal): Promise<void> {
    const { api, journal } = this.#context;
    const videoId = this.#record.videoId ?? (await journal.load(this.#journalKey))?.videoId;
    if (videoId !== undefined) {
      await this.#retrier.run('abort the upload', signal, async () => {
        await api.abortUpload(videoId, signal).catch(passOverIfGone);
      });
    }
    await journal.remove(this.#journalKey);
  }

  /** Forgets the upload here; the server keeps what it has until it gives it up by itself. */
  async forget(): Promise<void> {
    await this.#context.journal.remove(this.#journalKey);
  }

  async #runOnce(signal: AbortSignal): Promise<Video> {
    const context = this.#context;
    const record = this.#record;
    record.move('fingerprinting');
    const identity = await identifyFile(context, record.path, signal);
    record.recognize(identity.sizeBytes);
    const retrier = this.#retrier;
    const journalKey = this.#journalKey;
    const remote = await openRemoteUpload({ context, record, retrier, journalKey, identity, signal });
    const video = remote.kind === 'arrived' ? remote.video : await this.#deliver(remote, identity, signal);
    await this.forget();
    return video;
  }

  async #deliver(upload: OpenUpload, identity: FileIdentity, signal: AbortSignal): Promise<Video> {
    const context = this.#context;
    const record = this.#record;
    const journal = new JournalWriter(context.journal, this.#journalKey, {
      v: 1,
      scope: context.scope,
      path: record.path,
      title: record.title,
      videoId: upload.videoId,
      ...identity,
      partSizeBytes: upload.plan.partSizeBytes,
      partCount: upload.plan.partCount,
      parts: Object.fromEntries(upload.done),
    });
    try {
      await journal.flush();
      record.open(upload.videoId, { ...weigh(upload), partCount: upload.plan.partCount });
      const retrier = this.#retrier;
      return await new Delivery({ context, record, retrier, journal, upload, identity }).run(signal);
    } finally {
      await journal.settle();
    }
  }
}

/** One file, one account, one journal entry. */
export function journalKeyOf({ digests, scope }: UploadContext, path: string): string {
  const digest = digests.sha256();
  digest.update(new TextEncoder().encode(`${scope}\n${path}`));
  return digest.hex().slice(0, 32);
}

function weigh({ plan, done }: OpenUpload): { bytes: number; parts: number } {
  let bytes = 0;
  for (const partNumber of done.keys()) bytes += partRange(plan, partNumber).length;
  return { bytes, parts: done.size };
}

/** Nothing is left to abort where the upload is gone, or became a video. */
function passOverIfGone(error: unknown): void {
  const gone =
    error instanceof ReelmillError &&
    (error.code === 'not_found' || error.code === 'upload_gone' || error.code === 'state_conflict');
  if (!gone) throw error;
}

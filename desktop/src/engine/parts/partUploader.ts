import type { UploadStatus } from '@reelmill/shared/contracts/uploads.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadContext } from '../context.ts';
import type { Retrier } from '../flow/retry.ts';
import { runConcurrently } from '../flow/runConcurrently.ts';
import type { JournalWriter } from '../record/journalWriter.ts';
import type { UploadRecord } from '../record/uploadRecord.ts';
import { EtagTrust } from './etagTrust.ts';
import { assertUnchanged, type FileIdentity } from './fingerprint.ts';
import { OtherSender } from './otherSender.ts';
import { missingParts, partRange, reviewParts } from './partPlan.ts';
import { PartSender } from './partSender.ts';
import { PartUrls } from './partUrls.ts';
import type { OpenUpload } from './resumeUpload.ts';

/** How often parts that the store lost after it acknowledged them are sent again. */
const MAX_ROUNDS = 3;
/** Errors of an upload that another program has completed. */
const ENDED = new Set(['upload_gone', 'state_conflict', 'not_found']);
const INCOMPLETE = new Set(['upload_incomplete', 'part_size_mismatch', 'size_mismatch']);

export interface PartUploaderOptions {
  context: UploadContext;
  record: UploadRecord;
  retrier: Retrier;
  journal: JournalWriter;
  upload: OpenUpload;
  identity: FileIdentity;
}

/** Sends the parts of one open upload that the store does not have, and completes it. */
export class PartUploader {
  readonly #options: PartUploaderOptions;
  readonly #etags = new EtagTrust();

  constructor(options: PartUploaderOptions) {
    this.#options = options;
  }

  /** Returns the video as `complete` left it, whichever program completed it. */
  async run(signal: AbortSignal): Promise<Video> {
    try {
      return await this.#run(signal);
    } catch (error) {
      if (!(error instanceof ReelmillError && ENDED.has(error.code)) || signal.aborted) throw error;
      // another program may have sent and completed the same file first
      return this.#completeElsewhere(error, signal);
    }
  }

  async #completeElsewhere(cause: ReelmillError, signal: AbortSignal): Promise<Video> {
    const { context, record, retrier, upload } = this.#options;
    if (record.state !== 'completing') record.move('completing');
    try {
      return await retrier.run('complete the upload', signal, () =>
        context.api.completeUpload(upload.videoId, signal),
      );
    } catch (error) {
      const isEnded = error instanceof ReelmillError && (ENDED.has(error.code) || INCOMPLETE.has(error.code));
      throw isEnded ? cause : error;
    }
  }

  async #run(signal: AbortSignal): Promise<Video> {
    const { context, record, upload } = this.#options;
    const { clock, settings } = context;
    let busySinceMs: number | null = null;
    for (let round = 1; round <= MAX_ROUNDS; ) {
      await this.#sendMissing(signal);
      if (record.state !== 'completing') record.move('completing');
      const video = await this.#complete(signal);
      if (video !== null) return video;
      const isBusy = missingParts(upload.plan, upload.done).length === 0;
      busySinceMs = isBusy ? (busySinceMs ?? clock.now()) : null;
      // nothing is missing, so another program is sending a part again; the last one completes the upload
      if (busySinceMs === null || clock.now() - busySinceMs > settings.responseMs) round++;
      else await clock.sleep(settings.pollMs, signal);
    }
    throw new ReelmillError('upload_incomplete', 'The store keeps losing parts of the file.');
  }

  async #sendMissing(signal: AbortSignal): Promise<void> {
    const { context, record, journal, upload } = this.#options;
    const pending = missingParts(upload.plan, upload.done);
    if (pending.length === 0) return;
    // the program that began it sends from the first part on
    if (upload.isShared) pending.reverse();
    record.move('uploading');
    const stopReporting = this.#reportRegularly();
    try {
      await runConcurrently(context.settings.partConcurrency, signal, this.#partSending(pending, signal));
    } finally {
      stopReporting();
    }
    await journal.flush();
  }

  /** Returns what each of the concurrent senders does: send the next pending part until there is none. */
  #partSending(pending: number[], signal: AbortSignal): (taskSignal: AbortSignal) => Promise<void> {
    const { context, record, retrier, journal, upload, identity } = this.#options;
    const urls = new PartUrls({
      windowSize: context.settings.urlWindow,
      upcoming: (count) => pending.slice(0, count),
      sign: (partNumbers) =>
        retrier.run('sign parts', signal, () => context.api.signParts(upload.videoId, partNumbers, signal)),
    });
    urls.add(upload.firstUrls);
    const { path, meter } = record;
    const { plan } = upload;
    const etags = this.#etags;
    const sender = new PartSender({ context, path, identity, plan, urls, etags, meter, retrier });
    const recordDone = (partNumber: number, etag: string): void => {
      upload.done.set(partNumber, etag);
      journal.recordPart(partNumber, etag);
    };
    const other = this.#watchOtherSender(pending, recordDone);
    return async (taskSignal) => {
      for (;;) {
        await other.waitForTurn(taskSignal);
        const next = pending.shift();
        if (next === undefined) return;
        try {
          recordDone(next, await sender.send(next, taskSignal));
        } catch (error) {
          if (!(error instanceof ReelmillError && error.code === 'state_conflict')) throw error;
          pending.push(next);
          other.noteConflict();
        }
      }
    };
  }

  #watchOtherSender(pending: number[], recordDone: (partNumber: number, etag: string) => void): OtherSender {
    const { context, record, retrier, upload } = this.#options;
    const onArrival = (partNumber: number, etag: string): void => {
      record.meter.acknowledge(partNumber, partRange(upload.plan, partNumber).length);
      recordDone(partNumber, etag);
    };
    return new OtherSender({ context, record, retrier, upload, pending, onArrival });
  }

  /** Returns null where the store does not have every part; those that it lacks are removed from the done parts. */
  async #complete(signal: AbortSignal): Promise<Video | null> {
    const { context, record, retrier, upload, identity } = this.#options;
    await assertUnchanged(context, record.path, identity, signal);
    try {
      const status = await retrier.run('ask for the parts', signal, () => this.#fetchStatus(signal));
      if (status !== null && !this.#keepListed(status)) return null;
      return await retrier.run('complete the upload', signal, () =>
        context.api.completeUpload(upload.videoId, signal),
      );
    } catch (error) {
      if (error instanceof ReelmillError && INCOMPLETE.has(error.code)) return null;
      throw error;
    }
  }

  /** Returns null where the parts are joined already, by an earlier call whose response was lost. */
  async #fetchStatus(signal: AbortSignal): Promise<UploadStatus | null> {
    const { context, upload } = this.#options;
    try {
      return await context.api.getUpload(upload.videoId, signal);
    } catch (error) {
      if (error instanceof ReelmillError && error.code === 'state_conflict') return null;
      throw error;
    }
  }

  /** Whether the store lists every part with its size and, where ETags are MD5s, with the ETag it was sent with. */
  #keepListed(status: UploadStatus): boolean {
    const { record, journal, upload } = this.#options;
    const sent = Object.fromEntries(upload.done);
    const { trusted, unverified } = reviewParts(upload.plan, status.parts, sent);
    const listed = this.#etags.areOther ? [...trusted, ...unverified] : trusted;
    const kept = new Set(listed.map((part) => part.part_number).filter((number) => upload.done.has(number)));
    for (const partNumber of [...upload.done.keys()]) {
      if (kept.has(partNumber)) continue;
      upload.done.delete(partNumber);
      journal.removePart(partNumber);
    }
    let bytes = 0;
    for (const partNumber of kept) bytes += partRange(upload.plan, partNumber).length;
    record.meter.reset(bytes);
    return kept.size === upload.plan.partCount;
  }

  #reportRegularly(): () => void {
    const { context, record } = this.#options;
    const { clock, settings } = context;
    let cancel = (): void => undefined;
    const report = (): void => {
      record.reportProgress(clock.now());
      cancel = clock.schedule(settings.progressIntervalMs, report);
    };
    report();
    return () => cancel();
  }
}

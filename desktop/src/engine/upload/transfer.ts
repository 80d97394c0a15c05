import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadContext } from '../context.ts';
import type { Retrier } from '../flow/retry.ts';
import { type FileIdentity, identifyFile } from '../parts/fingerprint.ts';
import { partRange } from '../parts/partPlan.ts';
import { PartUploader } from '../parts/partUploader.ts';
import { type OpenUpload, resumeOrBeginUpload } from '../parts/resumeUpload.ts';
import type { JournalEntry } from '../ports/journalEntry.ts';
import { JournalWriter } from '../record/journalWriter.ts';
import type { UploadRecord } from '../record/uploadRecord.ts';

/** A file that changes more often during its upload is still being written. */
const MAX_RESTARTS = 3;

/** Brings one file to the server: from reading its facts to the response of `complete`. */
export class Transfer {
  readonly #context: UploadContext;
  readonly #record: UploadRecord;
  readonly #retrier: Retrier;
  readonly #onOpen: () => void;
  #journal: JournalWriter | null = null;

  constructor(context: UploadContext, record: UploadRecord, retrier: Retrier, onOpen: () => void) {
    this.#onOpen = onOpen;
    this.#context = context;
    this.#record = record;
    this.#retrier = retrier;
  }

  /**
   * Returns the video as `complete` left it; the journal keeps the upload until `removeJournal`. Throws `aborted` when the
   * signal is; the upload then stays on the server and in the journal, as after any other error.
   */
  async run(signal: AbortSignal): Promise<Video> {
    for (let restarts = 0; ; restarts++) {
      try {
        return await this.#runOnce(signal);
      } catch (error) {
        if (!(error instanceof ReelmillError) || error.code !== 'file_changed') throw error;
        await this.abort(signal);
        if (restarts === MAX_RESTARTS) {
          throw new ReelmillError('file_changed', 'The file keeps changing. Upload it once it is complete.', {
            cause: error,
          });
        }
        this.#record.restart('file_changed');
      }
    }
  }

  /** Aborts the upload on the server, with the retries of `retrier`, and removes its journal. */
  async abort(signal: AbortSignal, retrier = this.#retrier): Promise<void> {
    const { api } = this.#context;
    const videoId = this.#record.videoId ?? (await this.journaled())?.videoId;
    if (videoId !== undefined) {
      await retrier.run('abort the upload', signal, async () => {
        await api.abortUpload(videoId, signal).catch(ignoreIfGone);
      });
    }
    await this.#remove(videoId ?? null);
  }

  /** Removes the upload from the journal; the server keeps what it has until the upload expires there. */
  async removeJournal(): Promise<void> {
    await this.#remove(this.#record.videoId);
  }

  /** Returns the upload's journal entry, or null. */
  journaled(): Promise<JournalEntry | null> {
    return this.#context.journal.load(this.#journalKey);
  }

  /** Keeps the new title in the journal, in case the upload has to start over. */
  async retitle(title: string): Promise<void> {
    if (this.#journal !== null) return this.#journal.retitle(title);
    const entry = await this.journaled();
    if (entry !== null) await this.#context.journal.save(this.#journalKey, { ...entry, title });
  }

  /**
   * Continues the upload with the same file at another path. Throws `file_changed` where it is not the file whose upload
   * began; nothing has changed then.
   */
  async relocate(path: string, signal: AbortSignal): Promise<void> {
    const { journal } = this.#context;
    const found = await identifyFile(this.#context, path, signal);
    const oldKey = this.#journalKey;
    const entry = await this.journaled();
    if (entry === null) return this.#record.relocate(path, found.sizeBytes);
    if (entry.sizeBytes !== found.sizeBytes || entry.fingerprint !== found.fingerprint) {
      throw new ReelmillError(
        'file_changed',
        'This is not the file whose upload was started, or it has changed since.',
      );
    }
    // a copy may have another modification time; its bytes are the same
    await journal.save(journalKeyOf(this.#context, path), { ...entry, path, mtimeMs: found.mtimeMs });
    this.#record.relocate(path, found.sizeBytes);
    await journal.remove(oldKey);
  }

  /** Leaves the journal alone where it belongs to a later upload of the same file by now. */
  async #remove(videoId: number | null): Promise<void> {
    const entry = await this.journaled();
    if (videoId !== null && entry !== null && entry.videoId !== videoId) return;
    await this.#context.journal.remove(this.#journalKey);
  }

  get #journalKey(): string {
    return journalKeyOf(this.#context, this.#record.path);
  }

  async #runOnce(signal: AbortSignal): Promise<Video> {
    const context = this.#context;
    const record = this.#record;
    record.move('fingerprinting');
    const identity = await identifyFile(context, record.path, signal);
    record.setSize(identity.sizeBytes);
    const retrier = this.#retrier;
    const journalKey = this.#journalKey;
    const found = await resumeOrBeginUpload({ context, record, retrier, journalKey, identity, signal });
    return found.kind === 'arrived' ? found.video : this.#uploadParts(found, identity, signal);
  }

  async #uploadParts(upload: OpenUpload, identity: FileIdentity, signal: AbortSignal): Promise<Video> {
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
    this.#journal = journal;
    try {
      await journal.flush();
      record.open(upload.videoId, { ...sumDoneParts(upload), partCount: upload.plan.partCount });
      this.#onOpen();
      const retrier = this.#retrier;
      return await new PartUploader({ context, record, retrier, journal, upload, identity }).run(signal);
    } finally {
      await journal.whenIdle();
      this.#journal = null;
    }
  }
}

/** The key of the one journal entry that a file has for an account. */
export function journalKeyOf({ digests, scope }: UploadContext, path: string): string {
  const digest = digests.sha256();
  digest.update(new TextEncoder().encode(`${scope}\n${path}`));
  return digest.hex().slice(0, 32);
}

function sumDoneParts({ plan, done }: OpenUpload): { bytes: number; parts: number } {
  let bytes = 0;
  for (const partNumber of done.keys()) bytes += partRange(plan, partNumber).length;
  return { bytes, parts: done.size };
}

/** There is nothing to abort where the upload is gone, or has become a video. */
function ignoreIfGone(error: unknown): void {
  const gone =
    error instanceof ReelmillError &&
    (error.code === 'not_found' || error.code === 'upload_gone' || error.code === 'state_conflict');
  if (!gone) throw error;
}

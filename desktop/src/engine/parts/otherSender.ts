import type { UploadStatus } from '@reelmill/shared/contracts/uploads.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadContext } from '../context.ts';
import type { Retrier } from '../flow/retry.ts';
import type { UploadRecord } from '../record/uploadRecord.ts';
import { reviewParts } from './partPlan.ts';
import { matchesLocalFile, type OpenUpload } from './resumeUpload.ts';

export interface OtherSenderOptions {
  context: UploadContext;
  record: UploadRecord;
  retrier: Retrier;
  upload: OpenUpload;
  /** The parts that nobody here is sending; those that arrive from elsewhere are taken out. */
  pending: number[];
  onArrival: (partNumber: number, etag: string) => void;
}

/** What the server says of an upload that somebody else has completed, or given up. */
const ENDED = new Set(['state_conflict', 'upload_gone', 'not_found']);

/**
 * Another program that may be sending the same upload: the one that began it, where it was found on the server, or one that
 * found it there later. As long as parts arrive from there, nothing is sent from here; the same part sent twice at a time
 * would only end one of the two.
 */
export class OtherSender {
  readonly #options: OtherSenderOptions;
  #looking: Promise<boolean> | null = null;
  #activeUntilMs: number | null = null;
  #lookedAtMs: number | null = null;
  #isShared: boolean;

  constructor(options: OtherSenderOptions) {
    this.#options = options;
    this.#isShared = options.upload.isShared;
  }

  /** The store preferred a later request for a part of this upload, which is on its way. */
  noteConflict(): void {
    const { clock, settings } = this.#options.context;
    this.#isShared = true;
    this.#activeUntilMs = clock.now() + settings.stallMs;
  }

  /** Resolves when a part is to be sent from here, or nothing is left to send. */
  async waitForTurn(signal: AbortSignal): Promise<void> {
    const { context, pending } = this.#options;
    const { clock, settings } = context;
    while (this.#isShared) {
      if (await this.#lookNowAndThen(signal)) this.#activeUntilMs = clock.now() + settings.stallMs;
      const isActive = this.#activeUntilMs !== null && clock.now() < this.#activeUntilMs;
      if (pending.length === 0 || !isActive) return;
      await clock.sleep(settings.pollMs, signal);
    }
  }

  #lookNowAndThen(signal: AbortSignal): Promise<boolean> {
    const { clock, settings } = this.#options.context;
    if (this.#looking !== null) return this.#looking;
    if (this.#lookedAtMs !== null && clock.now() - this.#lookedAtMs < settings.pollMs) {
      return Promise.resolve(false);
    }
    this.#looking = this.#look(signal).finally(() => {
      this.#looking = null;
      this.#lookedAtMs = clock.now();
    });
    return this.#looking;
  }

  /** Whether parts have arrived since that nobody here has sent. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { context, record, retrier, upload, pending, onArrival } = this.#options;
    const status = await retrier.run('ask for the parts', signal, () => this.#ask(signal));
    if (status === null) {
      // completing finds out what became of it
      pending.length = 0;
      return false;
    }
    let hasArrived = false;
    for (const part of reviewParts(upload.plan, status.parts, {}).unverified) {
      const index = pending.indexOf(part.part_number);
      if (index < 0 || !(await matchesLocalFile({ context, record, signal }, upload.plan, part))) continue;
      // while it was hashed, a lane may have taken it
      const [taken] = pending[index] === part.part_number ? pending.splice(index, 1) : [];
      if (taken === undefined) continue;
      onArrival(taken, part.etag);
      hasArrived = true;
    }
    return hasArrived;
  }

  async #ask(signal: AbortSignal): Promise<UploadStatus | null> {
    const { context, upload } = this.#options;
    try {
      return await context.api.getUpload(upload.videoId, signal);
    } catch (error) {
      if (error instanceof ReelmillError && ENDED.has(error.code)) return null;
      throw error;
    }
  }
}

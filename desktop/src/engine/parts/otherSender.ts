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
  /** The parts that are not being sent from here; those that arrive from elsewhere are removed. */
  pending: number[];
  onArrival: (partNumber: number, etag: string) => void;
}

/** Errors of an upload that another program has completed or aborted. */
const ENDED = new Set(['state_conflict', 'upload_gone', 'not_found']);

/**
 * Another program that may be sending the same upload: the one that began it, or one that found it on the server later.
 * While parts arrive from there, nothing is sent from here: of two requests for the same part the store ends one.
 */
export class OtherSender {
  readonly #options: OtherSenderOptions;
  #checking: Promise<boolean> | null = null;
  #activeUntilMs: number | null = null;
  #checkedAtMs: number | null = null;
  #isShared: boolean;

  constructor(options: OtherSenderOptions) {
    this.#options = options;
    this.#isShared = options.upload.isShared;
  }

  /** Call it when the store rejected a part because another program is sending it. */
  noteConflict(): void {
    const { clock, settings } = this.#options.context;
    this.#isShared = true;
    this.#activeUntilMs = clock.now() + settings.stallMs;
  }

  /** Resolves when the next part is to be sent from here, or no part is left. */
  async waitForTurn(signal: AbortSignal): Promise<void> {
    const { context, pending } = this.#options;
    const { clock, settings } = context;
    while (this.#isShared) {
      if (await this.#checkThrottled(signal)) this.#activeUntilMs = clock.now() + settings.stallMs;
      const isActive = this.#activeUntilMs !== null && clock.now() < this.#activeUntilMs;
      if (pending.length === 0 || !isActive) return;
      await clock.sleep(settings.pollMs, signal);
    }
  }

  #checkThrottled(signal: AbortSignal): Promise<boolean> {
    const { clock, settings } = this.#options.context;
    if (this.#checking !== null) return this.#checking;
    if (this.#checkedAtMs !== null && clock.now() - this.#checkedAtMs < settings.pollMs) {
      return Promise.resolve(false);
    }
    this.#checking = this.#check(signal).finally(() => {
      this.#checking = null;
      this.#checkedAtMs = clock.now();
    });
    return this.#checking;
  }

  /** Whether parts have arrived since the last check that were not sent from here. */
  async #check(signal: AbortSignal): Promise<boolean> {
    const { context, record, retrier, upload, pending, onArrival } = this.#options;
    const status = await retrier.run('ask for the parts', signal, () => this.#fetchStatus(signal));
    if (status === null) {
      // `complete` reports what became of it
      pending.length = 0;
      return false;
    }
    let hasArrived = false;
    for (const part of reviewParts(upload.plan, status.parts, {}).unverified) {
      const index = pending.indexOf(part.part_number);
      if (index < 0 || !(await matchesLocalFile({ context, record, signal }, upload.plan, part))) continue;
      // while it was hashed, a sender may have taken it
      const [taken] = pending[index] === part.part_number ? pending.splice(index, 1) : [];
      if (taken === undefined) continue;
      onArrival(taken, part.etag);
      hasArrived = true;
    }
    return hasArrived;
  }

  async #fetchStatus(signal: AbortSignal): Promise<UploadStatus | null> {
    const { context, upload } = this.#options;
    try {
      return await context.api.getUpload(upload.videoId, signal);
    } catch (error) {
      if (error instanceof ReelmillError && ENDED.has(error.code)) return null;
      throw error;
    }
  }
}

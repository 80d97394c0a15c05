import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type {
  FailureStage,
  UploadFailure,
  UploadSnapshot,
  UploadState,
  VideoProgress,
} from '../../contracts/desktop.ts';
import type { RetryNotice } from '../flow/retry.ts';
import type { JournalEntry } from '../ports/journalEntry.ts';
import type { QueueEntry } from '../ports/queueEntry.ts';
import type { RestartReason, UploadEvent } from './events.ts';
import { isSameProgress, serializeFailure, serializeProgress } from './serializeSnapshot.ts';
import { TransferMeter } from './transferMeter.ts';
import { canMove, takesSlot } from './uploadStates.ts';

/** How many bytes of a connection the operating system may buffer before the other side has them. */
const SOCKET_BUFFER_BYTES = 512 * 1024;

export interface NewRecord {
  id: string;
  path: string;
  title: string | null;
  sizeBytes?: number | null;
  refuseDuplicates?: boolean;
}

/** The facts of one upload, and the only place that changes them and emits events about them. */
export class UploadRecord {
  readonly id: string;
  readonly meter = new TransferMeter(SOCKET_BUFFER_BYTES);
  readonly #emit: (event: UploadEvent) => void;
  #path: string;
  #title: string | null;
  #titleDue: boolean;
  #abortDue = false;
  #refuseDuplicates: boolean;
  #state: UploadState = 'waiting';
  #videoId: number | null = null;
  #sizeBytes: number | null;
  #keptBytes = 0;
  #restarts = 0;
  #retrying: UploadSnapshot['retrying'] = null;
  /** The bytes sent when the last call failed. */
  #bytesAtFailure = 0;
  #failure: UploadFailure | null = null;
  #video: VideoProgress | null = null;

  constructor(facts: NewRecord, emit: (event: UploadEvent) => void) {
    this.id = facts.id;
    this.#path = facts.path;
    this.#title = facts.title;
    this.#titleDue = facts.title !== null;
    this.#sizeBytes = facts.sizeBytes ?? null;
    this.#refuseDuplicates = facts.refuseDuplicates ?? false;
    this.#emit = emit;
  }

  get path(): string {
    return this.#path;
  }

  get title(): string | null {
    return this.#title;
  }

  /** Whether the server has not received the title yet. */
  get titleDue(): boolean {
    return this.#titleDue;
  }

  /** Whether the upload still has to be aborted on the server. */
  get abortDue(): boolean {
    return this.#abortDue;
  }

  get refuseDuplicates(): boolean {
    return this.#refuseDuplicates;
  }

  get state(): UploadState {
    return this.#state;
  }

  get videoId(): number | null {
    return this.#videoId;
  }

  get failure(): UploadFailure | null {
    return this.#failure;
  }

  get snapshot(): UploadSnapshot {
    const sending = this.#state === 'uploading';
    return {
      id: this.id,
      path: this.#path,
      fileName: fileNameOf(this.#path),
      title: this.#title,
      state: this.#state,
      videoId: this.#videoId,
      sizeBytes: this.#sizeBytes,
      acknowledgedBytes: this.meter.acknowledgedBytes,
      sentBytes: this.meter.sentBytes,
      keptBytes: this.#keptBytes,
      bytesPerSecond: sending ? this.meter.speed : null,
      etaSeconds: sending && this.#sizeBytes !== null ? this.meter.etaSeconds(this.#sizeBytes) : null,
      restarts: this.#restarts,
      retrying: this.#retrying,
      failure: this.#failure,
      video: this.#video,
    };
  }

  /** What another process needs to continue the upload. */
  get entry(): QueueEntry {
    const state = this.#state;
    return {
      path: this.#path,
      title: this.#title,
      state: takesSlot(state) ? 'waiting' : state,
      videoId: this.#videoId,
      sizeBytes: this.#sizeBytes,
      refuseDuplicates: this.#refuseDuplicates,
      titleDue: this.#titleDue,
      abortDue: this.#abortDue,
      failure: this.#failure,
      video: this.#video,
    };
  }

  move(to: UploadState): void {
    const from = this.#state;
    if (from === to) return;
    if (!canMove(from, to))
      throw new ReelmillError('state_conflict', `An upload cannot change from ${from} to ${to}.`);
    this.#state = to;
    this.#retrying = null;
    if (to !== 'failed') this.#failure = null;
    this.#emit({ type: 'state', upload: this.snapshot, from });
  }

  fail(error: unknown, stage: FailureStage): void {
    this.#failure = serializeFailure(error, stage);
    this.move('failed');
  }

  /** Cancels the upload here; aborting it on the server is due from then on. Throws `state_conflict` once it is online. */
  cancel(): void {
    this.#abortDue = true;
    this.move('canceled');
  }

  markAbortSent(): void {
    this.#abortDue = false;
    this.#emitChange();
  }

  /** Throws `state_conflict` for a canceled upload. */
  rename(title: string): void {
    if (this.#state === 'canceled')
      throw new ReelmillError('state_conflict', 'A canceled upload cannot be renamed.');
    if (title === this.#title) return;
    this.#title = title;
    this.#titleDue = true;
    this.#emitChange();
  }

  /** The server has received this title; a newer one stays due. */
  markTitleSent(title: string | null): void {
    if (!this.#titleDue || title !== this.#title) return;
    this.#titleDue = false;
    this.#emitChange();
  }

  /** From now on the upload does not fail as a duplicate. */
  allowDuplicates(): void {
    this.#refuseDuplicates = false;
  }

  relocate(path: string, sizeBytes: number): void {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#emitChange();
  }

  setSize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
  }

  /** Takes over what an earlier process recorded in the journal. Emits no event. */
  restoreFromJournal(entry: JournalEntry): void {
    this.#videoId = entry.videoId;
    this.#titleDue = false;
    this.#sizeBytes = entry.sizeBytes;
    this.#keptBytes = Math.min(entry.sizeBytes, Object.keys(entry.parts).length * entry.partSizeBytes);
    this.meter.reset(this.#keptBytes);
  }

  /** Takes over the saved queue's entry, after that of the journal. Emits no event. */
  restoreFromQueue(entry: QueueEntry): void {
    this.#state = entry.state;
    this.#title = entry.title;
    this.#titleDue = entry.titleDue;
    this.#abortDue = entry.abortDue;
    this.#videoId ??= entry.videoId;
    this.#sizeBytes ??= entry.sizeBytes;
    this.#failure = entry.failure;
    this.#video = entry.video;
    if (entry.video !== null) this.meter.reset(this.#sizeBytes ?? 0);
  }

  /** The upload is open on the server; `kept` is what the store has already. */
  open(videoId: number, kept: { bytes: number; parts: number; partCount: number }): void {
    this.#videoId = videoId;
    this.#keptBytes = kept.bytes;
    this.meter.reset(kept.bytes);
    if (kept.parts === 0) return;
    this.#emit({ type: 'resumed', upload: this.snapshot, keptParts: kept.parts, partCount: kept.partCount });
  }

  restart(reason: RestartReason): void {
    this.#videoId = null;
    this.#titleDue = this.#title !== null;
    this.#keptBytes = 0;
    this.#restarts += 1;
    this.meter.reset(0);
    this.#emit({ type: 'restarted', upload: this.snapshot, reason });
  }

  reportProgress(nowMs: number): void {
    this.meter.sample(nowMs);
    if (this.meter.sentBytes > this.#bytesAtFailure) this.#retrying = null;
    this.#emit({ type: 'progress', upload: this.snapshot });
  }

  reportRetry({ call, attempt, waitMs, error }: RetryNotice): void {
    const { code, message } = error;
    this.#retrying = { code, message, attempt, waitMs };
    this.#bytesAtFailure = this.meter.sentBytes;
    this.#emit({ type: 'retrying', upload: this.snapshot, call, attempt, waitMs, code, message });
  }

  reportRecovery(): void {
    if (this.#retrying === null) return;
    this.#retrying = null;
    this.#emit({ type: 'recovered', upload: this.snapshot });
  }

  /** The whole file is on the server: nothing is left to send. */
  markUploaded(video: Video): void {
    this.#videoId = video.id;
    this.meter.reset(this.#sizeBytes ?? 0);
    this.showVideo(video);
  }

  showVideo(video: Video): void {
    const before = this.#video;
    this.#video = serializeProgress(video);
    if (!isSameProgress(before, this.#video)) this.#emit({ type: 'video', upload: this.snapshot });
  }

  #emitChange(): void {
    this.#emit({ type: 'changed', upload: this.snapshot });
  }
}

/** The last component of a path of either kind. */
export function fileNameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) || path;
}

import { setImmediate as breathe } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type {
  IntakeResult,
  QueueChange,
  SessionEnd,
  Settings,
  UploadSnapshot,
} from '../../contracts/desktop.ts';
import type { SavedSession } from '../../engine/api/session.ts';
import type { UploadSettings } from '../../engine/context.ts';
import { PATIENT_RETRY } from '../../engine/flow/retry.ts';
import type { UploadManager } from '../../engine/queue/manager.ts';
import type { UploadEvent } from '../../engine/record/events.ts';
import { takesSlot } from '../../engine/record/uploadStates.ts';
import type { Client } from '../../node/client.ts';
import { runInBatches } from './bulk.ts';
import { ChangeFeed } from './changeFeed.ts';
import { inspectFiles } from './inspectFiles.ts';

export interface OpenQueueOptions {
  client: Client;
  session: SavedSession;
  settings: Settings;
  bytesPerSecond: number | null;
  uploadSettings: Partial<UploadSettings>;
  logger: Logger;
  onChange: (change: QueueChange) => void;
  /** Called when a video came online, or an upload or its video failed. */
  onFinished: (upload: UploadSnapshot) => void;
  /** Called when the server has ended the session. */
  onSessionEnd: (reason: SessionEnd) => void;
}

/** The queue of one account, from its restoration until the user signs out or the app ends. */
export class OpenQueue {
  readonly manager: UploadManager;
  readonly #options: OpenQueueOptions;
  readonly #feed: ChangeFeed;
  readonly #closing = new AbortController();
  /** Uploads from the watch folder: one that the server has already is removed without a notice. */
  readonly #automatic = new Set<string>();

  constructor(options: OpenQueueOptions) {
    const { client, session, settings, bytesPerSecond, uploadSettings, logger } = options;
    this.#options = options;
    this.manager = client.uploads(session, {
      settings: {
        retry: PATIENT_RETRY,
        holdWhenSignedOut: true,
        fileConcurrency: settings.fileConcurrency,
        ...uploadSettings,
      },
      bytesPerSecond,
      keepQueue: true,
      onSaveFailure: (error) => logger.error({ err: error }, 'queue not saved'),
    });
    this.#feed = new ChangeFeed(this.manager, options.onChange);
    this.manager.subscribe((event) => this.#follow(event));
  }

  /** Aborted, with the reason, when the queue closes. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  belongsTo(session: SavedSession | null): boolean {
    const { serverUrl, userId } = this.#options.session;
    return session?.serverUrl === serverUrl && session.userId === userId;
  }

  async restore(): Promise<void> {
    await this.manager.restoreQueue();
  }

  /**
   * Adds files from the watch folder: one that the server has already is removed without a notice. Throws `disk_full`
   * where the queue could not be written: the files are in it, but would not outlive a crash.
   */
  async addAutomatically(files: readonly { path: string; sizeBytes: number }[]): Promise<void> {
    const { added } = this.manager.addAll(
      files.map(({ path, sizeBytes }) => ({ path, sizeBytes, refuseDuplicates: true })),
    );
    for (const id of added) this.#automatic.add(id);
    if (await this.manager.whenSaved()) return;
    throw new ReelmillError('disk_full', 'The queue cannot be saved.');
  }

  /** Adds the videos among these files and in these folders. */
  async add(paths: readonly string[]): Promise<IntakeResult> {
    const result: IntakeResult = { added: [], known: 0, refused: [] };
    for await (const batch of inspectFiles(paths, this.signal)) {
      const videos = batch.flatMap((file) =>
        file.refused === null ? [{ path: file.path, sizeBytes: file.sizeBytes, refuseDuplicates: true }] : [],
      );
      this.signal.throwIfAborted();
      const { added, known } = this.manager.addAll(videos);
      result.added.push(...added);
      result.known += known.length;
      result.refused.push(...batch.flatMap(({ refused }) => refused ?? []));
      // thousands of files must not block the window
      await breathe();
    }
    return result;
  }

  /** Throws where a transcode could not be stopped. */
  async cancel(ids: readonly string[]): Promise<void> {
    const { uploads } = this.manager;
    const running = new Set(uploads.flatMap(({ id, state }) => (takesSlot(state) ? [id] : [])));
    // running ones last: otherwise waiting ones of a later portion would take their slots
    const runningLast = ids.toSorted((one, other) => Number(running.has(one)) - Number(running.has(other)));
    await runInBatches(runningLast, (portion) => this.manager.cancelAll(portion));
  }

  /** Throws `state_conflict` where some are being sent; the others are removed. */
  async remove(ids: readonly string[]): Promise<void> {
    await runInBatches(ids, (portion) => this.manager.removeAll(portion));
    const present = new Set(this.manager.order);
    if (!ids.some((id) => present.has(id))) return;
    throw new ReelmillError('state_conflict', 'Pause or cancel an upload before you remove it.');
  }

  /** Removes what is online and what was canceled. */
  async clearFinished(): Promise<void> {
    const finished = this.manager.uploads.filter(({ state }) => state === 'online' || state === 'canceled');
    await runInBatches(
      finished.map(({ id }) => id),
      (portion) => this.manager.removeAll(portion),
    );
  }

  /** Stops everything; unfinished uploads continue when the queue is opened again. */
  async close(): Promise<void> {
    this.#closing.abort(new ReelmillError('aborted', 'The queue is closed.'));
    this.#feed.close();
    await this.manager.close();
  }

  #follow(event: UploadEvent): void {
    if (this.#closing.signal.aborted) return;
    if (event.type === 'signedOut') this.#options.onSessionEnd(event.code);
    if (event.type !== 'state') return;
    const { upload } = event;
    if (upload.state !== 'online' && upload.state !== 'failed') return;
    const isQuiet = this.#automatic.delete(upload.id);
    const isKnown = isQuiet && upload.failure?.code === 'duplicate';
    // not while the upload is still telling of its failure
    if (isKnown) queueMicrotask(() => this.manager.removeAll([upload.id]));
    else this.#options.onFinished(upload);
  }
}

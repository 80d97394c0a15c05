import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { WatchState } from '../../contracts/desktop.ts';
import { hasVideoName } from '../queue/fileKinds.ts';
import { walkFolder } from '../queue/folderWalk.ts';
import { inspectFile } from '../queue/inspectFiles.ts';
import { ChangeHints } from './changeHints.ts';
import { findFilesBeingWritten } from './filesBeingWritten.ts';
import { type FoundFile, type PendingFiles, type QuietPeriods, reviewScan } from './folderState.ts';
import type { ProcessedFiles } from './processedFiles.ts';

export interface WatchTiming extends QuietPeriods {
  /** How often the folder is scanned without hints. */
  idleMs: number;
  /** The delay after a hint: hints seldom come alone. */
  hintMs: number;
}

/** A pause of so many times the duration of a scan follows it: a file that is being written gives hints all the time. */
const PAUSE_PER_SCAN = 5;

export const WATCH_TIMING: WatchTiming = {
  stableMs: 4_000,
  growingMs: 20_000,
  recordingMs: 60_000,
  idleMs: 30_000,
  hintMs: 1_000,
};

export type WatchStatus = Exclude<WatchState['status'], 'off'>;

export interface WatchFolderOptions {
  path: string;
  processedFiles: ProcessedFiles;
  /** Adds complete videos to the queue. Where it throws, they are processed again by the next scan. */
  take: (videos: readonly FoundFile[]) => Promise<void>;
  onStatus: (status: WatchStatus) => void;
  logger: Logger;
  timing?: WatchTiming;
}

/**
 * Watches one folder and its subfolders for new, complete videos. Files that exist at the very first scan are ignored:
 * whoever chooses a folder does not want everything in it uploaded.
 */
export class WatchFolder {
  readonly #options: WatchFolderOptions;
  readonly #timing: WatchTiming;
  readonly #closing = new AbortController();
  readonly #hints: ChangeHints;
  /** Whether a file is older than the watching; newer ones count as new even if the first scan takes long. */
  readonly #wasThereBefore: (file: FoundFile) => boolean;
  #hinted = Promise.withResolvers<void>();
  #pending: PendingFiles = new Map();
  #status: WatchStatus = 'starting';
  readonly #done: Promise<void>;

  constructor(options: WatchFolderOptions) {
    const beganMs = Date.now();
    this.#options = options;
    this.#wasThereBefore = ({ mtimeMs }) => mtimeMs < beganMs;
    this.#timing = options.timing ?? WATCH_TIMING;
    this.#hints = new ChangeHints(options.path, () => this.#hinted.resolve());
    this.#done = this.#watch();
  }

  async close(): Promise<void> {
    this.#closing.abort(new ReelmillError('aborted', 'The folder is no longer watched.'));
    this.#hints.close();
    await this.#done;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // the scan may miss a change that happens meanwhile
      this.#hinted = Promise.withResolvers();
      const startedMs = performance.now();
      const needsRescan = await this.#scan().catch((error: unknown) => {
        if (!signal.aborted) this.#options.logger.warn({ err: error }, 'watch folder scan failed');
        return false;
      });
      const { stableMs, idleMs, hintMs } = this.#timing;
      const pauseMs = (performance.now() - startedMs) * PAUSE_PER_SCAN;
      await this.#sleep(Math.max(pauseMs, needsRescan ? stableMs : idleMs), Math.max(pauseMs, hintMs));
    }
  }

  /** Resolves when the next scan is due, or `afterHintMs` after a hint. */
  async #sleep(ms: number, afterHintMs: number): Promise<void> {
    const { signal } = this.#closing;
    const woken = new AbortController();
    const either = AbortSignal.any([signal, woken.signal]);
    const sleep = (sleepMs: number): Promise<void> =>
      pause(sleepMs, undefined, { signal: either, ref: false }).catch(() => undefined);
    await Promise.race([sleep(ms), this.#hinted.promise.then(() => sleep(afterHintMs))]);
    woken.abort();
  }

  /** Returns whether a file has to be checked again soon. */
  async #scan(): Promise<boolean> {
    const found = await this.#findFiles();
    if (!Array.isArray(found)) {
      this.#hints.close();
      this.#setStatus(found);
      return false;
    }
    const { processedFiles } = this.#options;
    if (processedFiles.isNew) await processedFiles.add(found.filter(this.#wasThereBefore), pathsOf(found));
    this.#setStatus('watching');
    this.#hints.listen();
    const review = reviewScan(found, {
      before: this.#pending,
      processed: processedFiles.versions,
      nowMs: performance.now(),
      wallMs: Date.now(),
      quiet: this.#timing,
    });
    this.#pending = review.pending;
    const writing = await findFilesBeingWritten(pathsOf(review.finished));
    const finished = review.finished.filter(({ path }) => !writing.has(path));
    await this.#process(finished, pathsOf(found));
    return review.needsRescan || writing.size > 0;
  }

  /** Returns the files, or why the folder itself cannot be read. */
  async #findFiles(): Promise<FoundFile[] | 'missing' | 'unreadable'> {
    const { path: root } = this.#options;
    const found: FoundFile[] = [];
    for await (const { path, error } of walkFolder(root, {
      wants: hasVideoName,
      signal: this.#closing.signal,
    })) {
      if (error !== null && path === root) return isAbsence(error) ? 'missing' : 'unreadable';
      // a file whose facts cannot be read is left to the next scan
      const stats = error === null ? await stat(path).catch(() => null) : null;
      if (stats !== null) found.push({ path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs });
    }
    return found;
  }

  /** Adds the videos to the queue and records all files as processed, except those that cannot be opened yet. */
  async #process(finished: readonly FoundFile[], present: ReadonlySet<string>): Promise<void> {
    const { processedFiles, take, logger } = this.#options;
    const done: FoundFile[] = [];
    const videos: FoundFile[] = [];
    for (const file of finished) {
      this.#closing.signal.throwIfAborted();
      const { refused } = await inspectFile(file.path);
      if (refused?.code === 'file_unreadable') continue;
      done.push(file);
      if (refused === null) videos.push(file);
    }
    if (done.length === 0) return;
    // in this order: a video recorded as processed before it is in the queue could be lost
    if (videos.length > 0) await take(videos);
    logger.info(
      { videos: videos.length, others: done.length - videos.length },
      'watch folder files processed',
    );
    await processedFiles.add(done, present);
  }

  #setStatus(status: WatchStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus(status);
  }
}

function pathsOf(files: readonly FoundFile[]): Set<string> {
  return new Set(files.map(({ path }) => path));
}

/** Whether the path does not exist, or is not a folder. */
function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

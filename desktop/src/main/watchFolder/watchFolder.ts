import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { WatchState } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { hasVideoName } from '../queue/fileKinds.ts';
import { walkFolder } from '../queue/folderWalk.ts';
import { inspectFile } from '../queue/inspectFiles.ts';
import { ChangeHints } from './changeHints.ts';
import { findFilesBeingWritten } from './filesBeingWritten.ts';
import { type FoundFile, type Patience, reviewScan, type Sightings } from './folderState.ts';
import type { ProcessedFiles } from './processedFiles.ts';

export interface WatchTiming extends Patience {
  /** How often the folder is looked at while nothing seems to happen. */
  idleMs: number;
  /** How soon after a hint: one is seldom alone. */
  hintMs: number;
}

/** A folder that takes long to look at is looked at less often: a file that is being written hints all the time. */
const REST_PER_SCAN = 5;

export const WATCH_TIMING: WatchTiming = {
  settleMs: 4_000,
  growingMs: 20_000,
  recordingMs: 60_000,
  idleMs: 30_000,
  hintMs: 1_000,
};

export type WatchStatus = Exclude<WatchState['status'], 'off'>;

export interface WatchFolderOptions {
  path: string;
  memory: ProcessedFiles;
  /** Puts finished videos into the queue; what it throws leaves them for the next look. */
  take: (videos: readonly FoundFile[]) => Promise<void>;
  onStatus: (status: WatchStatus) => void;
  logger: Logger;
  timing?: WatchTiming;
}

/**
 * Watches one folder, and the folders within it, for new videos that are finished. What is there at the very first look
 * is left alone: nobody who names a folder wants everything uploaded that was ever put there.
 */
export class WatchFolder {
  readonly #options: WatchFolderOptions;
  readonly #timing: WatchTiming;
  readonly #closing = new AbortController();
  readonly #hints: ChangeHints;
  /** What came since then is new, also where the first look takes its time. */
  readonly #wasThereBefore: (file: FoundFile) => boolean;
  #hinted = Promise.withResolvers<void>();
  #sightings: Sightings = new Map();
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
    this.#closing.abort(new ReelmillError('aborted', 'The folder is not watched any more.'));
    this.#hints.close();
    await this.#done;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // a change during the scan may have come too late for it
      this.#hinted = Promise.withResolvers();
      const startedMs = performance.now();
      const isUnsettled = await this.#scan().catch((error: unknown) => {
        if (!signal.aborted)
          this.#options.logger.warn({ err: error }, 'the watch folder could not be looked at');
        return false;
      });
      const { settleMs, idleMs, hintMs } = this.#timing;
      const restMs = (performance.now() - startedMs) * REST_PER_SCAN;
      await this.#rest(Math.max(restMs, isUnsettled ? settleMs : idleMs), Math.max(restMs, hintMs));
    }
  }

  /** Until it is time for the next look, or so long after a hint. */
  async #rest(ms: number, afterHintMs: number): Promise<void> {
    const { signal } = this.#closing;
    const woken = new AbortController();
    const either = AbortSignal.any([signal, woken.signal]);
    const sleep = (sleepMs: number): Promise<void> =>
      pause(sleepMs, undefined, { signal: either, ref: false }).catch(() => undefined);
    await Promise.race([sleep(ms), this.#hinted.promise.then(() => sleep(afterHintMs))]);
    woken.abort();
  }

  /** Answers whether a file needs another look soon. */
  async #scan(): Promise<boolean> {
    const found = await this.#findFiles();
    if (!Array.isArray(found)) {
      this.#hints.close();
      this.#tell(found);
      return false;
    }
    const { memory } = this.#options;
    if (memory.isNew) await memory.remember(found.filter(this.#wasThereBefore), pathsOf(found));
    this.#tell('watching');
    this.#hints.listen();
    const review = reviewScan(found, {
      before: this.#sightings,
      taken: memory.taken,
      nowMs: performance.now(),
      wallMs: Date.now(),
      patience: this.#timing,
    });
    this.#sightings = review.sightings;
    const writing = await findFilesBeingWritten(pathsOf(review.finished));
    const finished = review.finished.filter(({ path }) => !writing.has(path));
    await this.#deal(finished, pathsOf(found));
    return review.isUnsettled || writing.size > 0;
  }

  /** Or why the folder itself cannot be looked at. */
  async #findFiles(): Promise<FoundFile[] | 'missing' | 'unreadable'> {
    const { path: root } = this.#options;
    const found: FoundFile[] = [];
    for await (const { path, error } of walkFolder(root, {
      wants: hasVideoName,
      signal: this.#closing.signal,
    })) {
      if (error !== null && path === root) return isAbsence(error) ? 'missing' : 'unreadable';
      // what cannot be looked at now may be gone, or there again the next time
      const stats = error === null ? await stat(path).catch(() => null) : null;
      if (stats !== null) found.push({ path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs });
    }
    return found;
  }

  /** Takes what are videos and remembers the rest, but for files that cannot be opened yet. */
  async #deal(finished: readonly FoundFile[], present: ReadonlySet<string>): Promise<void> {
    const { memory, take, logger } = this.#options;
    const dealt: FoundFile[] = [];
    const videos: FoundFile[] = [];
    for (const file of finished) {
      this.#closing.signal.throwIfAborted();
      const { refused } = await inspectFile(file.path);
      if (refused?.code === 'file_unreadable') continue;
      dealt.push(file);
      if (refused === null) videos.push(file);
    }
    if (dealt.length === 0) return;
    // in this order: what is remembered without being in the queue would be lost
    if (videos.length > 0) await take(videos);
    logger.info(
      { videos: videos.length, others: dealt.length - videos.length },
      'the watch folder had new files',
    );
    await memory.remember(dealt, present);
  }

  #tell(status: WatchStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus(status);
  }
}

function pathsOf(files: readonly FoundFile[]): Set<string> {
  return new Set(files.map(({ path }) => path));
}

/** Whether nothing is there, or something that is no folder. */
function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

import type { Verification } from '@reelmill/shared/contracts/tasks.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Confinement } from '../confine/confinement.ts';

/** How far a running task is; the fields of the `progress` event (contracts/tasks.ts). */
export interface TaskProgress {
  /** Finished output frames (encode), or thousandths of the whole (other kinds). */
  done: number;
  /** Whole segments in the store, from the task's first on, in every rendition of the task; their init segments are there. */
  segmentsDone: number;
  /** Multiple of real time, null where it is not known. */
  speed: number | null;
}

/** What was found of a file that the task made; `decoded` in addition to one of the others. */
export type Verified = keyof Verification;

/** What a task may use. Nothing else of the worker reaches the media code. */
export interface TaskContext {
  store: ObjectStore;
  /** A folder of the worker's own; the task works in a folder inside it that is gone when the task has ended. */
  workDir: string;
  /** Threads for decoders, filters and encoders. */
  threads: number;
  logger: Logger;
  /** How ffmpeg and ffprobe are started. */
  confinement: Confinement;
  /** Of the files that the task makes, how many in a hundred are decoded before they count. */
  decodePercent: number;
  /** Aborting kills the running ffmpeg; the task then rejects with code `aborted`. */
  signal: AbortSignal;
  /** Called at least every second while ffmpeg advances; the receiver thins it out. */
  onProgress(progress: TaskProgress): void;
  /** Called for every file that was looked at. */
  onVerified(what: Verified): void;
}

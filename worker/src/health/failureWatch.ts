import { type ErrorCode, faultOf, isPlanMismatch } from '@reelmill/shared/contracts/errors.ts';

const UNHEALTHY_AFTER = 3;
/** Whoever fails so many videos without one that works between them is known well enough. */
const MAX_VIDEOS = 1_000;

/**
 * Notices a worker that fails whatever it is given: such a worker takes task after task and spoils them all.
 *
 * Failures that are the file's fault do not count. Those that may be the file's as well as the worker's (an encoder that
 * fails, stalls or takes too long) count once for each video until a task works: all tasks of one hostile file fail on
 * every worker, and the next try of each is left to another worker anyway. Faults of store and disk have nothing to do
 * with the file and count every time. After an unhealthy spell the first failure is enough, until a task works.
 */
export class FailureWatch {
  readonly #failedVideos = new Set<number>();
  #inARow = 0;
  #limit = UNHEALTHY_AFTER;

  succeeded(): void {
    this.#failedVideos.clear();
    this.#inARow = 0;
    this.#limit = UNHEALTHY_AFTER;
  }

  /** Returns why the worker should stop taking tasks, or null. */
  failed({ code, message, videoId }: { code: ErrorCode; message: string; videoId: number }): string | null {
    // a file may end the programs of every worker that takes it, and says nothing about the worker
    if (code === 'program_died') return null;
    if (faultOf(code) === 'media' || isPlanMismatch(code)) {
      this.succeeded();
      return null;
    }
    if (faultOf(code) !== 'farm' && !this.#isFirstOf(videoId)) return null;
    this.#inARow += 1;
    if (this.#inARow < this.#limit) return null;
    const count = this.#inARow;
    this.#inARow = 0;
    this.#limit = 1;
    return `${count} task(s) in a row failed here, the last one because: ${code}: ${message}`;
  }

  #isFirstOf(videoId: number): boolean {
    if (this.#failedVideos.has(videoId)) return false;
    if (this.#failedVideos.size < MAX_VIDEOS) this.#failedVideos.add(videoId);
    return true;
  }
}

import { type ErrorCode, faultOf } from '@reelmill/shared/contracts/errors.ts';
import { isPlanMismatch } from '@reelmill/shared/core/videoState.ts';

const SICK_AFTER = 3;

/**
 * Notices a worker that fails whatever it is given: such a worker takes task after task and spoils them all.
 * Failures that are the file's fault do not count. After a sick spell the first failure is enough, until a task works.
 */
export class FailureWatch {
  #inARow = 0;
  #limit = SICK_AFTER;

  succeeded(): void {
    this.#inARow = 0;
    this.#limit = SICK_AFTER;
  }

  /** Answers why the worker should stop taking tasks, or null. */
  failed(code: ErrorCode, message: string): string | null {
    // a file may end the programs of every worker that takes it, and says nothing about the worker
    if (code === 'program_died') return null;
    if (faultOf(code) === 'media' || isPlanMismatch(code)) {
      this.succeeded();
      return null;
    }
    this.#inARow += 1;
    if (this.#inARow < this.#limit) return null;
    const count = this.#inARow;
    this.#inARow = 0;
    this.#limit = 1;
    return `${count} task(s) in a row failed here, the last one because: ${code}: ${message}`;
  }
}

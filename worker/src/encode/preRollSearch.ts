import type { TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { PictureReader, type PrintedPicture } from '../pictures/printedPictures.ts';
import {
  chunkStartSeconds,
  firstPreRoll,
  isTooLate,
  longerPreRoll,
  needsTwoGroups,
  type PreRoll,
} from '../timing/preRoll.ts';

/**
 * Searches the pre-roll of a chunk: how the runs of ffmpeg for it begin, one after the other, each further back than the one before:
 *
 *   reading ──▶ begun       the first picture is early enough, or the read began at the source's beginning
 *           ──▶ too late    the run is ended; the next one begins further back, until there is no further
 */
export class PreRollSearch {
  readonly #spec: Pick<TaskSpecOf<'encode'>, 'plan' | 'chunk'>;
  #preRoll: PreRoll;
  #reader = new PictureReader();
  #first: PrintedPicture | null = null;
  #tooLate: ReelmillError | null = null;
  /** Of an earlier run: where pictures recover, so that another run must begin before it. */
  #recoverySeconds: number | null = null;

  constructor(spec: Pick<TaskSpecOf<'encode'>, 'plan' | 'chunk'>) {
    this.#spec = spec;
    this.#preRoll = firstPreRoll(spec.plan.facts, spec.chunk);
  }

  /** Of the run that is next, or in work. */
  get preRoll(): PreRoll {
    return this.#preRoll;
  }

  /** Takes a line of ffmpeg's standard output; returns what to end the run with, where it began too late. */
  check(line: string): ReelmillError | null {
    // filters are set up anew where the size of the pictures changes, and print again
    const first = this.#isSearching ? this.#reader.push(line) : null;
    if (first === null) return null;
    this.#first = first;
    return this.#isEarlyEnough(first) ? null : this.#fail();
  }

  /** Throws where a run that began in the middle has ended without a picture. */
  assertSeen(): void {
    if (this.#isSearching) throw this.#fail();
  }

  /**
   * Takes what ended a run, and makes the next one begin further back where that may help. Throws the error otherwise, or
   * `frame_count_mismatch` in place of it where the run searched for a picture for too long.
   */
  goBack(error: unknown): void {
    const isStalled = error instanceof ReelmillError && error.code === 'stalled';
    if (isStalled && this.#isSearching) throw this.#fail();
    if (error !== this.#tooLate) throw error;
    const longer = longerPreRoll(this.#spec.plan.facts, this.#spec.chunk, this.#preRoll);
    if (longer === undefined) throw error;
    this.#preRoll = longer;
    this.#reader = new PictureReader();
    this.#first = null;
  }

  get #isSearching(): boolean {
    return this.#preRoll !== null && this.#first === null;
  }

  #isEarlyEnough({ seconds, keyframe }: PrintedPicture): boolean {
    const { plan, chunk } = this.#spec;
    if (isTooLate(plan.facts, chunk, seconds)) return false;
    if (keyframe || !needsTwoGroups(plan.facts)) return true;
    const isSecond = this.#recoverySeconds !== null && seconds < this.#recoverySeconds;
    this.#recoverySeconds ??= seconds;
    return isSecond;
  }

  #fail(): ReelmillError {
    const { plan, chunk } = this.#spec;
    const found = this.#first === null ? 'no picture' : `the first picture at ${this.#first.seconds} s`;
    this.#tooLate = new ReelmillError('frame_count_mismatch', 'The video cannot be read from the middle.', {
      diagnostics: `chunk ${chunk.index} begins at ${chunkStartSeconds(plan.facts, chunk)} s; read from ${this.#preRoll} s before, ${found}`,
    });
    return this.#tooLate;
  }
}

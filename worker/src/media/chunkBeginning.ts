import type { TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { beginsTooLate, chunkStartSeconds, type PreRoll } from './chunkStart.ts';
import { parseFirstPicture } from './firstPicture.ts';
import type { ProgramEnd } from './programEnd.ts';

/** Watches one run of ffmpeg for the first picture that it decodes, and ends it where that comes too late. */
export class ChunkBeginning {
  readonly preRoll: PreRoll;
  readonly #spec: Pick<TaskSpecOf<'encode'>, 'plan' | 'chunk'>;
  #seconds: number | null = null;
  #tooLate: ReelmillError | null = null;

  constructor(spec: Pick<TaskSpecOf<'encode'>, 'plan' | 'chunk'>, preRoll: PreRoll) {
    this.#spec = spec;
    this.preRoll = preRoll;
  }

  /** Time of the first picture in the source's own time; null where none was seen. */
  get seconds(): number | null {
    return this.#seconds;
  }

  /** Takes a line of ffmpeg's standard output; returns what to end the run with, where it began too late. */
  check(line: string): ReelmillError | null {
    const seconds = this.preRoll === null ? null : parseFirstPicture(line);
    if (seconds === null) return null;
    this.#seconds = seconds;
    const { plan, chunk } = this.#spec;
    return beginsTooLate(plan.facts, chunk, seconds) ? this.#fail() : null;
  }

  /** Throws where a run that began in the middle ended well without a picture. */
  assertSeen({ exitCode }: ProgramEnd): void {
    if (this.preRoll !== null && this.#seconds === null && exitCode === 0) throw this.#fail();
  }

  /** Whether reading from further back may help against an error of the run. */
  wasTooLate(error: unknown): boolean {
    return error === this.#tooLate;
  }

  /** The error, or `frame_count_mismatch` where the run went on without ever finding a picture to begin with. */
  explain(error: unknown): unknown {
    const isSearching = this.preRoll !== null && this.#seconds === null;
    return isSearching && error instanceof ReelmillError && error.code === 'stalled' ? this.#fail() : error;
  }

  #fail(): ReelmillError {
    const { plan, chunk } = this.#spec;
    const found = this.#seconds === null ? 'no picture' : `the first picture at ${this.#seconds} s`;
    this.#tooLate = new ReelmillError('frame_count_mismatch', 'The video cannot be read from the middle.', {
      diagnostics: `chunk ${chunk.index} begins at ${chunkStartSeconds(plan.facts, chunk)} s; read from ${this.preRoll} s before, ${found}`,
    });
    return this.#tooLate;
  }
}

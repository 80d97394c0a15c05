/*
 * What the first picture is that a run of ffmpeg decodes, told while the run goes on: a branch of its filters lets that
 * picture through and prints its time, and whether it is a keyframe, between the lines of `-progress`.
 */

const KEY = 'first_is_keyframe';
/** The time base in which the time is printed. */
const TICKS_PER_SECOND = 1_000_000;
const TIME_LINE = /^frame:\d+\s+pts:(-?\d+)/;
const KEY_LINE = new RegExp(`^${KEY}=([01])$`);

const print = (label: string, value: 0 | 1): string =>
  `[${label}]metadata=mode=add:key=${KEY}:value=${value},metadata=mode=print:file=-:direct=1,nullsink`;

/** For a chain of filters, between the input and what may change or drop pictures. */
export const FIRST_PICTURE_BRANCH = [
  'split=2[shown][seen]',
  // the value is the output, counted from 1
  `[seen]trim=end_frame=1,settb=1/${TICKS_PER_SECOND},select=e=2-key:n=2[keyframe][other]`,
  print('keyframe', 1),
  print('other', 0),
  '[shown]null',
].join(';');

export interface FirstPicture {
  /** In the source's own time. */
  seconds: number;
  /** Whether everything after it can be decoded without anything before it. */
  keyframe: boolean;
}

/** Finds the first picture among the lines of ffmpeg's standard output. */
export class FirstPictureReader {
  #seconds: number | null = null;
  #found = false;

  /** Takes one line; returns the picture when the line completes it, once. */
  push(line: string): FirstPicture | null {
    if (this.#found) return null;
    const ticks = TIME_LINE.exec(line)?.[1];
    if (ticks !== undefined) this.#seconds = Number(ticks) / TICKS_PER_SECOND;
    const key = KEY_LINE.exec(line)?.[1];
    if (key === undefined || this.#seconds === null) return null;
    this.#found = true;
    return { seconds: this.#seconds, keyframe: key === '1' };
  }
}

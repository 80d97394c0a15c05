/*
 * What the first picture is that a run of ffmpeg decodes, told while the run goes on: a branch of its filters lets that
 * picture through and prints its time, and whether it is a keyframe, between the lines of `-progress`. Another branch
 * prints every picture.
 */

const KEY = 'is_keyframe';
/** The time base in which the time is printed. */
const TICKS_PER_SECOND = 1_000_000;
const TIME_LINE = /^frame:\d+\s+pts:(-?\d+)/;
const KEY_LINE = new RegExp(`^${KEY}=([01])$`);

// one key alone: a file's own texts, with line breaks in them, are not printed
const print = (label: string, value: 0 | 1): string =>
  `[${label}]metadata=mode=add:key=${KEY}:value=${value},metadata=mode=print:key=${KEY}:file=-:direct=1,nullsink`;

/** For a chain of filters, before what may change or drop pictures: prints the first one. */
export const FIRST_PICTURE_BRANCH = [
  'split=2[shown][seen]',
  // the value is the output, counted from 1
  `[seen]trim=end_frame=1,settb=1/${TICKS_PER_SECOND},select=e=2-key:n=2[keyframe][other]`,
  print('keyframe', 1),
  print('other', 0),
  '[shown]null',
].join(';');

/** For a chain of filters behind one that lets keyframes alone through: prints each. */
export const KEYFRAMES_BRANCH = [
  'split=2[shown][seen]',
  `[seen]settb=1/${TICKS_PER_SECOND}[keyframe]`,
  print('keyframe', 1),
  '[shown]null',
].join(';');

export interface PrintedPicture {
  /** In the source's own time. */
  seconds: number;
  /** Whether everything after it can be decoded without anything before it. */
  keyframe: boolean;
}

/** Finds printed pictures among the lines of ffmpeg's standard output. */
export class PictureReader {
  #seconds: number | null = null;

  /** Takes one line; returns the picture that the line completes. */
  push(line: string): PrintedPicture | null {
    const ticks = TIME_LINE.exec(line)?.[1];
    if (ticks !== undefined) this.#seconds = Number(ticks) / TICKS_PER_SECOND;
    const key = KEY_LINE.exec(line)?.[1];
    const seconds = this.#seconds;
    if (key === undefined || seconds === null) return null;
    this.#seconds = null;
    return { seconds, keyframe: key === '1' };
  }
}

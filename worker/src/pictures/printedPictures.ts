/*
 * What the first picture is that a run of ffmpeg decodes, known while the run goes on: a branch of its filters lets that
 * picture through and prints its time, and whether it is a keyframe, between the lines of `-progress`. Another branch
 * prints every picture.
 */

const KEY = 'is_keyframe';
/** The time base in which the time is printed. */
const TICKS_PER_SECOND = 1_000_000;
const TIME_LINE = /^frame:\d+\s+pts:(-?\d+)/;
const KEY_LINE = new RegExp(`^${KEY}=([01])$`);

/**
 * A branch that prints. One key alone: a file's own texts, with line breaks in them, are not printed. It neither ends before
 * its input nor has a second output: ffmpeg 7.0 fails with either.
 */
const print = (label: string, pictures: string, value: 0 | 1): string =>
  [
    `[${label}]settb=1/${TICKS_PER_SECOND}`,
    `select=${pictures}`,
    `metadata=mode=add:key=${KEY}:value=${value}`,
    `metadata=mode=print:key=${KEY}:file=-:direct=1`,
    'nullsink',
  ].join(',');

/** For a chain of filters, before what may change or drop pictures: prints the first one. */
export const FIRST_PICTURE_BRANCH = [
  'split=3[shown][keyframe][other]',
  print('keyframe', 'eq(n\\,0)*key', 1),
  print('other', 'eq(n\\,0)*not(key)', 0),
  '[shown]null',
].join(';');

/** For a chain of filters: prints every keyframe. */
export const KEYFRAMES_BRANCH = ['split=2[shown][keyframe]', print('keyframe', 'key', 1), '[shown]null'].join(
  ';',
);

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

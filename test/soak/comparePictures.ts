import { readMark } from '../chaos/marks.ts';
import type { Picture } from './decodeFilm.ts';
import type { Reference } from './reference.ts';

/** Levels by which a block may differ after two lossy encodings; those of neighbours differ by more than a hundred. */
const SAME_LEVELS = 45;
/** Containers round times to milliseconds. */
const ROUNDING_SECONDS = 0.0025;
const MAX_NAMED = 8;

export interface OutputPictures {
  pictures: readonly Picture[];
  /** Frames per second. */
  rate: number;
  /** First frames of all chunks but the first. */
  borders: readonly number[];
}

export interface WrongPictures {
  frames: number[];
  /** Of them, those that begin at a border of chunks. */
  atBorders: number;
  text: string;
}

/**
 * Compares every picture of the output with what the source shows within half a frame of its time. Pictures of a damaged
 * source that are no marks themselves are passed over: decoders conceal what is missing each in their own way.
 */
export function findWrongPictures(reference: Reference, output: OutputPictures): WrongPictures {
  const origins = reference.origins.flatMap((origin) => wholeFramesBefore(origin, reference, output.rate));
  const [best] = origins
    .map((origin) => compare(reference, output, origin))
    .sort((a, b) => a.length - b.length);
  const frames = best ?? [];
  const runs = runsOf(frames);
  const atBorders = runs.filter(([first]) =>
    output.borders.some((border) => Math.abs(border - first) <= 2),
  ).length;
  return { frames, atBorders, text: describe(reference, output, runs) };
}

/** The picture's grid is kept where the sound begins earlier. */
function wholeFramesBefore(origin: number, { pictures }: Reference, rate: number): number[] {
  const first = pictures[0]?.seconds ?? 0;
  return origin >= first
    ? [first]
    : [0.05, 0].map((tolerance) => first - Math.ceil((first - origin) * rate - tolerance) / rate);
}

function compare(reference: Reference, { pictures, rate }: OutputPictures, origin: number): number[] {
  const half = 0.5 / rate + ROUNDING_SECONDS;
  return [...pictures.entries()].flatMap(([frame, picture]) => {
    const seconds = origin + picture.seconds;
    const [first, last] = [shownAt(reference, seconds - half), shownAt(reference, seconds + half)];
    const candidates = reference.pictures.slice(first, last + 1);
    const isRight = candidates.some((candidate) => isSame(candidate, picture));
    const isUnclear = !reference.isWhole && candidates.some(({ blocks }) => readMark(blocks) === null);
    return isRight || isUnclear ? [] : [frame];
  });
}

/** Index of the picture that is shown; the first one where none is yet. */
function shownAt({ pictures }: Reference, seconds: number): number {
  return Math.max(
    0,
    pictures.findLastIndex((picture) => picture.seconds <= seconds),
  );
}

function isSame(a: Picture, b: Picture): boolean {
  return a.blocks.every((level, index) => Math.abs(level - (b.blocks[index] ?? 0)) <= SAME_LEVELS);
}

type Run = readonly [first: number, last: number];

function runsOf(frames: readonly number[]): Run[] {
  const runs: [number, number][] = [];
  for (const frame of frames) {
    const run = runs.at(-1);
    if (run && run[1] === frame - 1) run[1] = frame;
    else runs.push([frame, frame]);
  }
  return runs;
}

function describe(
  reference: Reference,
  { pictures, rate, borders }: OutputPictures,
  runs: readonly Run[],
): string {
  const nameOf = (picture: Picture | undefined): string => {
    const mark = picture && readMark(picture.blocks);
    return mark ? String(mark.picture) : 'no mark';
  };
  const origin = reference.origins[0] ?? 0;
  const named = runs.slice(0, MAX_NAMED).map(([first, last]) => {
    const source = reference.pictures[shownAt(reference, origin + first / rate)];
    return `${first}-${last} (first: ${nameOf(pictures[first])}, source: ${nameOf(source)})`;
  });
  return `frames ${named.join(', ')}${runs.length > MAX_NAMED ? ', …' : ''}; borders ${borders.join(', ')}`;
}

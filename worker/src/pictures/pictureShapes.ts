import type { AspectChange, Rational } from '@reelmill/shared/contracts/media.ts';
import { maxDecodedPixels } from '../limits/memoryNeeds.ts';
import { ASPECT_TOLERANCE, MAX_ASPECT } from './oneShape.ts';

/** Size of decoded pictures, and the shape of their pixels; null where it is not known. */
export interface PictureShape {
  width: number;
  height: number;
  sampleAspectRatio: Rational | null;
}

/** A shape, with how long pictures of it are shown. */
interface ShownShape extends PictureShape {
  seconds: number;
}

/** A picture as it is shown: its shape, null where there are too many, and the sane aspect of its pixels. */
interface ShownPicture {
  shape: ShownShape | null;
  fromSeconds: number;
  aspect: Rational;
}

/** What was found of the pictures of a whole video. */
export interface PictureScan {
  /** Every shape, the first one first. */
  shapes: readonly ShownShape[];
  /** Where the shape of the pixels changes; null where it does so too often. */
  aspectChanges: readonly AspectChange[] | null;
  interlaced: boolean;
}

/** A file may change its size with every picture; what is kept of it must not grow with that. */
const MAX_SHAPES = 100;
const MAX_ASPECT_CHANGES = 100;
/** A decoder that skips all but keyframes hands them out in another order than they are shown in, this far at most. */
const REORDER_WINDOW = 16;
/** A shape lasts if it has this share of the video: a glitch, or the first moments of a call, decide nothing. */
const LASTING_SHARE = 0.1;
/** ffprobe's name of captions within the pictures (CEA-608, CEA-708). */
export const CAPTIONS = 'ATSC A53 Part 4 Closed Captions';

/** Collects the shapes of pictures from the lines that ffprobe prints of them. */
export class ShapeCollector {
  readonly #shapes: ShownShape[] = [];
  readonly #aspects: AspectChange[] = [];
  /** In the order of their times. */
  readonly #waiting: ShownPicture[] = [];
  #shown: ShownPicture | null = null;
  #interlaced = false;
  /** Whether any picture has captions within it. */
  captions = false;

  /** Takes a line of `-of compact=p=0`: `width=640|height=360|…`. Lines of anything else are ignored. */
  add(line: string): void {
    const fields = new Map(line.split('|').map((field) => fieldOf(field)));
    const [width, height] = [Number(fields.get('width')), Number(fields.get('height'))];
    if (!(width > 0 && height > 0)) return;
    if (fields.get('interlaced_frame') === '1') this.#interlaced = true;
    if (line.includes(CAPTIONS)) this.captions = true;
    const sampleAspectRatio = ratioOf(fields.get('sample_aspect_ratio') ?? '');
    const shape = this.#shapeOf({ width, height, sampleAspectRatio });
    const fromSeconds = Number.parseFloat(fields.get('best_effort_timestamp_time') ?? '');
    if (!Number.isFinite(fromSeconds)) return;
    const behind = this.#waiting.findLastIndex((other) => other.fromSeconds <= fromSeconds);
    this.#waiting.splice(behind + 1, 0, { shape, fromSeconds, aspect: saneAspect(sampleAspectRatio) });
    if (this.#waiting.length > REORDER_WINDOW) this.#showNext();
  }

  /** Returns what was found of a video that ends then; null where there was no picture. */
  finish(endSeconds: number): PictureScan | null {
    while (this.#waiting.length > 0) this.#showNext();
    this.#lastUntil(endSeconds);
    this.#shown = null;
    const shapes = this.#shapes;
    if (shapes.length === 0) return null;
    const aspectChanges = this.#aspects.length > MAX_ASPECT_CHANGES ? null : this.#aspects;
    return { shapes, aspectChanges, interlaced: this.#interlaced };
  }

  #showNext(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    this.#lastUntil(next.fromSeconds);
    this.#shown = next;
    this.#addAspect(next);
  }

  #addAspect({ fromSeconds, aspect }: AspectChange): void {
    const next = { fromSeconds, aspect };
    const last = this.#aspects.at(-1);
    const isKnown = last !== undefined && isSameAspect(ratio(last.aspect), ratio(next.aspect));
    // what comes before the last change in time has a wrong time
    const isEarlier = last !== undefined && next.fromSeconds <= last.fromSeconds;
    if (!isKnown && !isEarlier && this.#aspects.length <= MAX_ASPECT_CHANGES) this.#aspects.push(next);
  }

  /** The one of those that are known, or a new one; null where there are too many. */
  #shapeOf(shape: PictureShape): ShownShape | null {
    const known = this.#shapes.find((other) => isSameShape(other, shape));
    if (known !== undefined || this.#shapes.length >= MAX_SHAPES) return known ?? null;
    const added = { ...shape, seconds: 0 };
    this.#shapes.push(added);
    return added;
  }

  #lastUntil(seconds: number): void {
    const { shape = null, fromSeconds = seconds } = this.#shown ?? {};
    if (shape) shape.seconds += Math.max(0, seconds - fromSeconds);
  }
}

/**
 * The one shape that all pictures of a video get: the largest, as it is shown, of those that last, or the one that lasts
 * longest where none does. The largest of all where it is beyond what a decoder of the chosen one may take.
 */
export function chooseShape({ shapes }: Pick<PictureScan, 'shapes'>): PictureShape | null {
  const total = shapes.reduce((sum, { seconds }) => sum + seconds, 0);
  const lasting = shapes.filter(({ seconds }) => seconds >= total * LASTING_SHARE);
  const candidates =
    lasting.length > 0 ? lasting : shapes.toSorted((a, b) => b.seconds - a.seconds).slice(0, 1);
  const chosen = largest(candidates);
  const tallest = largest(shapes);
  if (chosen === null || tallest === null) return null;
  const { width, height, sampleAspectRatio } =
    maxDecodedPixels(tallest) > maxDecodedPixels(chosen) ? tallest : chosen;
  return { width, height, sampleAspectRatio };
}

/** Pixels of hardly another shape make no difference. */
function isSameShape(a: PictureShape, b: PictureShape): boolean {
  return a.width === b.width && a.height === b.height && isSameAspect(aspectOf(a), aspectOf(b));
}

function isSameAspect(a: number, b: number): boolean {
  return Math.abs(a / b - 1) < ASPECT_TOLERANCE;
}

function largest<S extends PictureShape>(shapes: readonly S[]): S | null {
  return shapes.toSorted((a, b) => shownPixels(b) - shownPixels(a))[0] ?? null;
}

function shownPixels(shape: PictureShape): number {
  return shape.width * shape.height * aspectOf(shape);
}

function aspectOf({ sampleAspectRatio }: PictureShape): number {
  return sampleAspectRatio ? ratio(sampleAspectRatio) : 1;
}

/** Square pixels where a source does not say, or says what cannot be. */
export function saneAspect(aspect: Rational | null): Rational {
  const value = aspect ? ratio(aspect) : 1;
  return aspect && value <= MAX_ASPECT && value >= 1 / MAX_ASPECT ? aspect : { num: 1, den: 1 };
}

function ratio({ num, den }: Rational): number {
  return num / den;
}

function fieldOf(field: string): [name: string, value: string] {
  const [name = '', value = ''] = field.split('=', 2);
  return [name, value];
}

function ratioOf(text: string): Rational | null {
  const [num, den] = text.split(':').map(Number);
  return num && den && num > 0 && den > 0 ? { num, den } : null;
}

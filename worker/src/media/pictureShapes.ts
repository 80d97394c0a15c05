import type { Rational } from '@reelmill/shared/contracts/media.ts';
import { maxDecodedPixels } from './memoryNeeds.ts';

/** Size of decoded pictures, and the shape of their pixels; null where it is not known. */
export interface PictureShape {
  width: number;
  height: number;
  sampleAspectRatio: Rational | null;
}

/** What was found of the pictures of a whole video. */
export interface PictureScan {
  /** Every shape, with how long pictures of it are shown; the first one first. */
  shapes: readonly (PictureShape & { seconds: number })[];
  interlaced: boolean;
}

/** A file may change its size with every picture; what is kept of it must not grow with that. */
const MAX_SHAPES = 100;
/** A shape lasts if it has this share of the video: a glitch, or the first moments of a call, decide nothing. */
const LASTING_SHARE = 0.1;
/** ffprobe's name of captions within the pictures (CEA-608, CEA-708). */
export const CAPTIONS = 'ATSC A53 Part 4 Closed Captions';

/** Collects the shapes of pictures from the lines that ffprobe prints of them. */
export class ShapeCollector {
  readonly #shapes = new Map<string, PictureShape & { seconds: number }>();
  #shown: { key: string; fromSeconds: number } | null = null;
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
    const aspect = fields.get('sample_aspect_ratio') ?? '';
    const key = `${width}x${height} ${aspect}`;
    if (!this.#shapes.has(key)) {
      if (this.#shapes.size >= MAX_SHAPES) return;
      this.#shapes.set(key, { width, height, sampleAspectRatio: ratioOf(aspect), seconds: 0 });
    }
    const seconds = Number.parseFloat(fields.get('best_effort_timestamp_time') ?? '');
    if (!Number.isFinite(seconds)) return;
    this.#lastUntil(seconds);
    this.#shown = { key, fromSeconds: seconds };
  }

  /** Returns what was found of a video that ends then; null where there was no picture. */
  finish(endSeconds: number): PictureScan | null {
    this.#lastUntil(endSeconds);
    const shapes = [...this.#shapes.values()];
    return shapes.length === 0 ? null : { shapes, interlaced: this.#interlaced };
  }

  #lastUntil(seconds: number): void {
    const shape = this.#shapes.get(this.#shown?.key ?? '');
    if (shape) shape.seconds += Math.max(0, seconds - (this.#shown?.fromSeconds ?? seconds));
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

function largest<S extends PictureShape>(shapes: readonly S[]): S | null {
  return shapes.toSorted((a, b) => shownPixels(b) - shownPixels(a))[0] ?? null;
}

function shownPixels({ width, height, sampleAspectRatio }: PictureShape): number {
  return width * height * (sampleAspectRatio ? sampleAspectRatio.num / sampleAspectRatio.den : 1);
}

function fieldOf(field: string): [name: string, value: string] {
  const [name = '', value = ''] = field.split('=', 2);
  return [name, value];
}

function ratioOf(text: string): Rational | null {
  const [num, den] = text.split(':').map(Number);
  return num && den && num > 0 && den > 0 ? { num, den } : null;
}

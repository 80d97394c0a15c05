/*
 * How long the pictures of a chunk are damaged, or missing, by what ffmpeg complains of while it decodes them. Complaints have no
 * times; so a filter prints a mark for every picture among them, on standard error. What a decoder made of damaged data
 * is shown until the next keyframe, because the pictures between are made from it.
 *
 * A demuxer that lost its way says so as well, but mostly finds it again without a loss, as where two recordings were joined:
 * such complaints count only where a hole in the times of the pictures follows.
 */

/** Of a mark: seconds from the chunk's beginning, moved so that their length is always the same; keyframes are further up. */
const MARK_BASE = 15_000_000;
const KEYFRAME_STEP = 10_000_000;
const MARK = /(?<![\d.])([12]\d{7}\.\d{6})$/;
/** Marks in a text, as whole lines; newer versions say who prints. */
export const MARK_LINES = /(?:\[Eval @ 0x[0-9a-f]+\] )?(?<![\d.])[12]\d{7}\.\d{6}\n/g;
/** Level of warnings, the lowest that is printed. */
const LOG_LEVEL = 24;

/** What a decoder says of a picture that it could not make as it was. Newer versions print who complains. */
const DAMAGED = new RegExp(
  [
    'corrupt decoded frame',
    '^Error while decoding stream #0:',
    'Error submitting packet to decoder',
    '^\\[h264 @ 0x[0-9a-f]+\\] error while decoding MB',
    '^\\[hevc @ 0x[0-9a-f]+\\] Could not find ref with POC',
  ].join('|'),
);
/** What a demuxer says where packets are lost, and sometimes where nothing is. It may be far ahead of the pictures. */
const DOUBTFUL = new RegExp(
  ['corrupt input packet in stream', '^\\[matroska,webm @ 0x[0-9a-f]+\\] ', '^\\[flv @ 0x[0-9a-f]+\\] '].join(
    '|',
  ),
);
/** What a decoder says there, and wherever it begins to read with pictures that name earlier ones. */
const DOUBTED_PICTURE = /^\[h264 @ 0x[0-9a-f]+\] (mmco: unref short failure|illegal short term buffer state)/;

/** Complaints come up to so many pictures early: queues lie between decoder and filters. */
const EARLY_PICTURES = 10;
/**
 * So many pictures after its first one a decoder still meets names of pictures from before: it keeps sixteen for reference,
 * and as many again may lie between.
 */
const BEGINNING_PICTURES = 32;
/** A hole is so much longer than any distance of pictures before it. */
const HOLE_FACTOR = 1.9;
/** A recording that was stopped ends in the middle of a picture. */
const BROKEN_END_SECONDS = 0.5;
/** Of a chunk; a picture that stands for a moment longer goes unnoticed. */
const SEEN_SECONDS = 0.1;

/** Filter that prints the marks of a chunk that begins at a time of its input. */
export function markFilter(startSeconds: number): string {
  const base = (MARK_BASE - startSeconds).toFixed(6);
  return `select='print(t+${base}+${KEYFRAME_STEP}*key\\,${LOG_LEVEL})'`;
}

export interface MeteredChunk {
  seconds: number;
  /** Distance of its frames. */
  frameSeconds: number;
  /** The source ends with it. */
  last: boolean;
}

/** Measures the damage of one run of ffmpeg for a chunk. */
export class DamageMeter {
  readonly #chunk: MeteredChunk;
  #total = 0;
  /** Of the damage that has not ended yet; null where there is none. */
  #open: number | null = null;
  /** For how many more pictures a hole among them is damage. */
  #doubtful = 0;
  /** Pictures since the latest complaint. */
  #since = 0;
  /** As of the first keyframe. */
  #pictures = 0;
  /** Time of the latest picture; null before the first keyframe, as of which pictures are what they were. */
  #latest: number | null = null;
  /** The longest distance of pictures so far. */
  #longest: number;

  constructor(chunk: MeteredChunk) {
    this.#chunk = chunk;
    this.#longest = chunk.frameSeconds;
  }

  /** Takes a line of ffmpeg's standard error. */
  push(line: string): void {
    const [, mark] = MARK.exec(line) ?? [];
    if (mark !== undefined) this.#pass(Number(mark) - MARK_BASE);
    else this.#complain(line);
  }

  /** Seconds of the chunk that are damaged, 0 where it goes unnoticed; after its end. */
  get seconds(): number {
    const seconds = this.#total + this.#openSeconds();
    return seconds < SEEN_SECONDS ? 0 : seconds;
  }

  #openSeconds(): number {
    const { seconds, last } = this.#chunk;
    if (this.#open === null) return 0;
    if (last) return this.#open < BROKEN_END_SECONDS ? 0 : this.#open;
    return this.#open + this.#within(this.#latest ?? seconds, seconds);
  }

  #complain(line: string): void {
    if (DOUBTFUL.test(line)) this.#doubtful = Number.POSITIVE_INFINITY;
    if (this.#pictures >= BEGINNING_PICTURES && DOUBTED_PICTURE.test(line)) {
      this.#doubtful = Math.max(this.#doubtful, EARLY_PICTURES);
    }
    // what comes before the first keyframe cannot be decoded in the middle of any source
    if (this.#latest === null || !DAMAGED.test(line)) return;
    this.#open ??= 0;
    this.#since = 0;
  }

  #pass(mark: number): void {
    const isKeyframe = mark > KEYFRAME_STEP / 2;
    const seconds = isKeyframe ? mark - KEYFRAME_STEP : mark;
    const before = this.#latest;
    if (before === null && !isKeyframe) return;
    this.#latest = seconds;
    this.#pictures++;
    if (before !== null) this.#passTime(before, seconds);
    if (this.#open === null || ++this.#since <= EARLY_PICTURES || !isKeyframe) return;
    this.#total += this.#open;
    this.#open = null;
  }

  #passTime(from: number, to: number): void {
    const isHole = this.#doubtful-- > 0 && to - from > HOLE_FACTOR * this.#longest;
    if (this.#open !== null) this.#open += this.#within(from, to);
    else if (isHole) this.#total += this.#within(from + this.#longest, to);
    else this.#longest = Math.max(this.#longest, to - from);
    // single pictures may be left within
    if (isHole) this.#doubtful = EARLY_PICTURES;
  }

  /** How much of a time lies within the chunk. */
  #within(from: number, to: number): number {
    return Math.max(0, Math.min(to, this.#chunk.seconds) - Math.max(from, 0));
  }
}

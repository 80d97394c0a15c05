import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { AAC_FRAME_SAMPLES, plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';

/** Times of sound may be off by so much: what is nearer to its place is neither cut nor filled up. */
const TOLERANCE_SECONDS = 0.1;
/** Sound at an unexpected time is held back until there is so much of it, or what follows it is known. */
const HOLD_SECONDS = 10;
/** Sound that comes twice is cut; a clock that goes back further than this was reset. */
const MAX_OVERLAP_SECONDS = 10;
/** The first sound may lie as long before time 0, where a beginning without pictures is left out. */
const MAX_LEAD_SECONDS = 600;
/** Samples of one clock follow each other; times are floating-point numbers. */
const JITTER_SAMPLES = 0.5;
const SILENCE_BLOCK_SECONDS = 1;
/** Full scale is 1; encoders refuse what is beyond all measure, and what is no number. */
const MAX_VALUE = 64;

export interface TimelineOptions {
  sampleRate: number;
  channels: number;
  /** Where the timeline's time 0 lies in the times of the sound. */
  originSeconds: number;
  /** What is written: from this sample of the timeline up to `endSample`, that one excluded. */
  firstSample: number;
  endSample: number;
}

/** What the AAC encoder puts before the first sample that it is given. */
const PRIMING_SAMPLES = AAC_FRAME_SAMPLES;

/**
 * What is to be encoded of a plan, so that the sound has as many whole frames as the video is long, and no more: priming
 * takes the place of the first samples, so that no edit list is needed and nothing shifts.
 */
export function plannedSamples(plan: Omit<EncodePlan, 'chunks'>): Omit<TimelineOptions, 'originSeconds'> {
  if (plan.audio === null) throw new RangeError('the plan has no audio');
  const { sampleRate, channels } = plan.audio;
  const frames = Math.floor((plannedDurationSeconds(plan) * sampleRate) / AAC_FRAME_SAMPLES + 1e-9);
  // nothing at all cannot be encoded
  const endSample = Math.max(PRIMING_SAMPLES + AAC_FRAME_SAMPLES, frames * AAC_FRAME_SAMPLES);
  return { sampleRate, channels, firstSample: PRIMING_SAMPLES, endSample };
}

/** Sound whose times have no jump. Times are in samples of the timeline. */
interface Stretch {
  start: number;
  length: number;
  blocks: Float64Array[];
}

/**
 * Puts decoded sound on the timeline of a video: each sample at its time, silence where there is none, as many samples as
 * planned. A stretch at an unexpected time is believed where it lasts, or where the next one is not what was expected
 * instead of it; a short one that is followed by just that has wrong times, and follows the sound before it. So does all
 * sound of a clock that was reset, or points to a time outside the video.
 *
 *   expected ──▶ held      the next sound lies elsewhere, or is the first
 *      ▲          │
 *      └──────────┘        it is believed and gets its own place, or follows the sound before it
 */
export class SoundTimeline {
  /** Samples that were added. */
  decodedSamples = 0;
  /** Samples of silence that were written. */
  silentSamples = 0;
  /** Whether some of the times were not believed. */
  timesRepaired = false;
  readonly #options: TimelineOptions;
  readonly #width: number;
  /** Everything before this sample is written. */
  #written: number;
  /** Where the next sample is expected; before `#written` while sound comes twice. */
  #expected = 0;
  #begun = false;
  /** What a clock that was reset is behind. */
  #shift = 0;
  /** The time of the next sample, by the clock of the sound, where it does not jump. */
  #nextTime = Number.NaN;
  #held: Stretch | null = null;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#width = options.channels + 1;
    this.#written = options.firstSample;
  }

  /** Nothing more will be written. */
  get full(): boolean {
    return this.#written >= this.#options.endSample;
  }

  /**
   * Takes samples: of each its channels, then its time in seconds, NaN where it has none. Returns what is to be written,
   * channels interleaved.
   */
  *add(samples: Float64Array): Generator<Float32Array, void> {
    const { channels, originSeconds, sampleRate } = this.#options;
    const width = channels + 1;
    let from = 0;
    let start = this.#nextTime;
    let next = start;
    for (let at = 0; at < samples.length; at += width, next++) {
      const time = ((samples[at + channels] as number) - originSeconds) * sampleRate; // within its length
      if (Math.abs(time - next) <= JITTER_SAMPLES || Number.isNaN(time)) continue;
      yield* this.#take(start, samples.subarray(from, at));
      from = at;
      start = time;
      next = time;
    }
    this.#nextTime = next;
    yield* this.#take(start, samples.subarray(from));
  }

  /** Returns the rest, up to the end of the timeline. */
  *finish(): Generator<Float32Array, void> {
    const held = this.#held;
    if (held !== null) yield* this.#isPossible(held) ? this.#place(held, held.start) : this.#follow(held);
    yield* this.#writeSilence(this.#options.endSample);
  }

  *#take(start: number, block: Float64Array): Generator<Float32Array, void> {
    if (block.length === 0) return;
    const length = block.length / this.#width;
    this.decodedSamples += length;
    const held = this.#held;
    if (held !== null) {
      const time = this.#timeOf(start, held.start + held.length);
      if (this.#isNear(time, held.start + held.length)) {
        held.blocks.push(block);
        held.length += length;
        if (held.length >= HOLD_SECONDS * this.#options.sampleRate) yield* this.#believe(held);
        return;
      }
      yield* this.#placeBefore(time, held);
    }
    const time = this.#timeOf(start, this.#expected);
    if (this.#begun && this.#isNear(time, this.#expected)) yield* this.#write(block);
    else this.#held = { start: time, length, blocks: [block] };
  }

  /** Where sound of this time lies on the timeline. Without a time it follows what is before it. */
  #timeOf(start: number, expected: number): number {
    if (Number.isNaN(start)) return expected;
    if (this.#isNear(start, expected)) this.#shift = 0;
    return start + this.#shift;
  }

  /** Places a stretch that has lasted. */
  *#believe(held: Stretch): Generator<Float32Array, void> {
    if (this.#isPossible(held)) return yield* this.#place(held, held.start);
    this.#shift += this.#expected - held.start;
    yield* this.#follow(held);
  }

  /** Places a short stretch before one that begins at `next`. */
  *#placeBefore(next: number, held: Stretch): Generator<Float32Array, void> {
    const isExpected = this.#begun && this.#isNear(next, this.#expected + held.length);
    const inOrder = next >= held.start + held.length || this.#isNear(next, held.start + held.length);
    if (!isExpected && inOrder && this.#isPossible(held)) return yield* this.#place(held, held.start);
    // the very first sound is known only by what follows it
    if (!this.#begun && next < this.#options.endSample) this.#expected = Math.max(0, next - held.length);
    yield* this.#follow(held);
  }

  *#follow(held: Stretch): Generator<Float32Array, void> {
    this.timesRepaired = true;
    yield* this.#place(held, this.#expected);
  }

  *#place(held: Stretch, start: number): Generator<Float32Array, void> {
    this.#held = null;
    this.#begun = true;
    this.#expected = Math.round(start);
    yield* this.#writeSilence(this.#expected);
    for (const block of held.blocks) yield* this.#write(block);
  }

  *#write(block: Float64Array): Generator<Float32Array, void> {
    const { channels, endSample } = this.#options;
    const start = this.#expected;
    this.#expected += block.length / this.#width;
    const from = Math.max(start, this.#written);
    const to = Math.min(this.#expected, endSample);
    if (to <= from) return;
    const written = new Float32Array((to - from) * channels);
    let at = (from - start) * this.#width;
    for (let index = 0; index < written.length; at++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = block[at++] as number; // as many as are written
        written[index++] = Math.abs(value) < MAX_VALUE ? value : 0;
      }
    }
    this.#written = to;
    yield written;
  }

  *#writeSilence(end: number): Generator<Float32Array, void> {
    const { channels, sampleRate, endSample } = this.#options;
    while (this.#written < Math.min(end, endSample)) {
      const length = Math.min(SILENCE_BLOCK_SECONDS * sampleRate, Math.min(end, endSample) - this.#written);
      this.#written += length;
      this.silentSamples += length;
      yield new Float32Array(length * channels);
    }
  }

  #isPossible({ start }: Stretch): boolean {
    const { endSample, sampleRate } = this.#options;
    const backSeconds = this.#begun ? MAX_OVERLAP_SECONDS : MAX_LEAD_SECONDS;
    return start < endSample && start >= this.#expected - backSeconds * sampleRate;
  }

  #isNear(time: number, expected: number): boolean {
    return Math.abs(time - expected) <= TOLERANCE_SECONDS * this.#options.sampleRate;
  }
}

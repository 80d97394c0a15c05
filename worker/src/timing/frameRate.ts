import type { Rational } from '@reelmill/shared/contracts/media.ts';
import { MEDIA_LIMITS } from '../limits/mediaLimits.ts';
import type { GapCount } from './packetStats.ts';

const STANDARD_RATES: readonly Rational[] = [
  { num: 12, den: 1 },
  { num: 15_000, den: 1_001 },
  { num: 15, den: 1 },
  { num: 24_000, den: 1_001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1_001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1_001 },
  { num: 60, den: 1 },
];
/** Whole rates: starts of segments then fall on ticks of every time base. */
const VARIABLE_SOURCE_RATES = [24, 25, 30, 50, 60];
const FALLBACK: Rational = { num: 25, den: 1 };

/** One frame in five thousand: nearer than this, a rate is the standard one written down carelessly. */
const SAME_RATE = 2e-4;
const DECLARED_TOLERANCE = 1e-3;
const STANDARD_TOLERANCE = 1e-2;
/** A coarse time base moves every picture by up to a millisecond. */
const TICK_SECONDS = 0.0011;
/** So many distances must agree for a rate to be called constant; the others are dropped frames. */
const CONSTANT_SHARE = 0.75;
const LOWEST_RATE = 0.1;
/** Pictures further apart than a second are slides: a frame of their own length would round their times and the end. */
const SLIDE_SECONDS = 1;
const SLIDE_RATE: Rational = { num: 5, den: 1 };

/*
 * No video has more output frames than 4 × its pictures + 5 × its seconds + 10,000. Repeated frames are not free, and a
 * file of a few pictures far apart could ask for days of them; where pictures are rare, a few frames per second show
 * every one of them at its time. A rate of 60 is kept from 14 pictures per second on, 30 from 7; a video of less than
 * three minutes always keeps its rate, so that a short film with a still ending stays smooth.
 */
const FRAMES_PER_PICTURE = 4;
const FRAMES_PER_SECOND = 5;
const FRAMES_OF_ANY_VIDEO = 10_000;

export interface RateEvidence {
  /** Distances between neighbouring pictures. */
  gaps: readonly GapCount[];
  /** What the container declares (`r_frame_rate`, `avg_frame_rate`); null where it does not. */
  declared: readonly (Rational | null)[];
}

export interface RateDecision {
  rate: Rational;
  /** Pictures are not evenly spaced. */
  variable: boolean;
}

/**
 * Decides the constant rate of the output from the distances of pictures; what the container declares only names it
 * exactly. A rate above the limit is divided by a whole number, so that every n-th picture is kept. A source
 * without a rate of its own gets the lowest usual one that keeps its closest pictures apart; slides get 5.
 */
export function decideFrameRate({ gaps, declared }: RateEvidence): RateDecision {
  const sorted = gaps.toSorted((a, b) => a.meanSeconds - b.meanSeconds);
  const total = countOf(sorted);
  if (total === 0) {
    const rate = capRate(declared.find(isPlausible) ?? FALLBACK);
    return { rate: perSecond(rate) < 1 / SLIDE_SECONDS ? SLIDE_RATE : rate, variable: false };
  }
  const median = quantile(sorted, total, 0.5);
  const tolerance = Math.max(TICK_SECONDS, median * 0.03);
  const near = sorted.filter((gap) => Math.abs(gap.meanSeconds - median) <= tolerance);
  const nearCount = countOf(near);
  const variable = nearCount < total;
  if (nearCount / total >= CONSTANT_SHARE) {
    const mean = near.reduce((sum, gap) => sum + gap.meanSeconds * gap.times, 0) / nearCount;
    if (mean > SLIDE_SECONDS) return { rate: SLIDE_RATE, variable };
    return { rate: capRate(nameRate(1 / mean, declared)), variable };
  }
  const closest = quantile(sorted, total, 0.1);
  if (closest > SLIDE_SECONDS) return { rate: SLIDE_RATE, variable: true };
  const num = VARIABLE_SOURCE_RATES.find((rate) => rate >= 0.98 / closest) ?? MEDIA_LIMITS.frameRate;
  return { rate: { num, den: 1 }, variable: true };
}

/** What is known of a whole video; seconds are those of the output. */
export interface PictureCount {
  pictures: number;
  seconds: number;
}

/**
 * Returns the rate, or the highest whole fraction of it whose frames the pictures of the video justify, so that of evenly
 * spaced pictures every n-th is kept.
 */
export function limitFrameRate(rate: Rational, { pictures, seconds }: PictureCount): Rational {
  const justified = FRAMES_PER_PICTURE * pictures + FRAMES_PER_SECOND * seconds + FRAMES_OF_ANY_VIDEO;
  const divisor = Math.max(1, Math.ceil((perSecond(rate) * seconds) / justified));
  return divisor === 1 ? rate : { num: rate.num, den: rate.den * divisor };
}

/**
 * Whether a stretch of packets alone would lower the rate of a long video. A video that is known by samples is scanned
 * in full then: only its whole number of pictures shows what is right.
 */
export function isSparse(
  stretch: { count: number; firstPts: number | null; lastPts: number | null },
  rate: Rational,
): boolean {
  if (stretch.firstPts === null || stretch.lastPts === null) return true;
  const seconds = stretch.lastPts - stretch.firstPts;
  return FRAMES_PER_PICTURE * stretch.count + FRAMES_PER_SECOND * seconds < perSecond(rate) * seconds;
}

/** The exact rational that a measured rate stands for. */
function nameRate(measured: number, declared: readonly (Rational | null)[]): Rational {
  const error = (rate: Rational): number => Math.abs(perSecond(rate) / measured - 1);
  const stated = declared.filter(isPlausible).sort((a, b) => error(a) - error(b))[0];
  const standard = STANDARD_RATES.toSorted((a, b) => error(a) - error(b))[0] ?? FALLBACK;
  if (stated && error(stated) < DECLARED_TOLERANCE) {
    return Math.abs(perSecond(standard) / perSecond(stated) - 1) < SAME_RATE ? standard : stated;
  }
  if (error(standard) < STANDARD_TOLERANCE) return standard;
  const num = Math.max(1, Math.round(measured * 1000));
  const divisor = commonDivisor(num, 1000);
  return { num: num / divisor, den: 1000 / divisor };
}

function capRate(rate: Rational): Rational {
  const divisor = Math.max(1, Math.ceil(perSecond(rate) / MEDIA_LIMITS.frameRate - 1e-3));
  return { num: rate.num, den: rate.den * divisor };
}

function isPlausible(rate: Rational | null): rate is Rational {
  return rate !== null && perSecond(rate) >= LOWEST_RATE && perSecond(rate) <= 300;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function perSecond(rate: Rational): number {
  return rate.num / rate.den;
}

function countOf(gaps: readonly GapCount[]): number {
  return gaps.reduce((sum, gap) => sum + gap.times, 0);
}

function quantile(sorted: readonly GapCount[], total: number, share: number): number {
  let seen = 0;
  for (const gap of sorted) {
    seen += gap.times;
    if (seen >= total * share) return gap.meanSeconds;
  }
  return sorted.at(-1)?.meanSeconds ?? 0;
}

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

/** Declared rates outside of this mean something else, such as a time base. */
const PLAUSIBLE_RATES = { min: 0.1, max: 300 };
/** Of a measured rate, as shares: so near it is the declared one, and else the standard one. */
const DECLARED_TOLERANCE = 1e-3;
const STANDARD_TOLERANCE = 1e-2;
/** One frame in five thousand: nearer than this, a declared rate is the standard one written down carelessly. */
const SAME_RATE = 2e-4;
/** Nearer to the upper bound than this share of it, a rate is not divided. */
const CAP_TOLERANCE = 1e-3;
/** Distances agree within this share of the median, or a tick: a coarse time base moves every picture by up to a millisecond. */
const GAP_TOLERANCE = 0.03;
const TICK_SECONDS = 0.0011;
/** So many distances must agree for a rate to be called constant; the others are dropped frames. */
const CONSTANT_SHARE = 0.75;
/** Of uneven distances, the shorter ones up to this share may be damage; the next one is to be kept apart, or nearly. */
const CLOSEST_SHARE = 0.1;
const KEPT_APART = 0.98;
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
 * Decides the constant rate of the output from the distances of pictures; what the container declares only makes it
 * exact. A rate above the limit is divided by a whole number, so that every n-th picture is kept. A source
 * without a rate of its own gets the lowest usual one that keeps its closest pictures apart; slides get 5.
 */
export function decideFrameRate({ gaps, declared }: RateEvidence): RateDecision {
  const sorted = gaps.toSorted((a, b) => a.meanSeconds - b.meanSeconds);
  const total = countOf(sorted);
  if (total === 0) return { rate: rateWithoutGaps(declared), variable: false };
  const median = quantile(sorted, total, 0.5);
  const tolerance = Math.max(TICK_SECONDS, median * GAP_TOLERANCE);
  const alike = sorted.filter((gap) => Math.abs(gap.meanSeconds - median) <= tolerance);
  const alikeCount = countOf(alike);
  if (alikeCount / total >= CONSTANT_SHARE) {
    return { rate: constantRate(alike, declared), variable: alikeCount < total };
  }
  return { rate: variableRate(quantile(sorted, total, CLOSEST_SHARE)), variable: true };
}

function rateWithoutGaps(declared: RateEvidence['declared']): Rational {
  const rate = capRate(declared.find(isPlausible) ?? FALLBACK);
  return perSecond(rate) < 1 / SLIDE_SECONDS ? SLIDE_RATE : rate;
}

/** Of pictures that are evenly spaced, but for some. */
function constantRate(alike: readonly GapCount[], declared: RateEvidence['declared']): Rational {
  const mean = alike.reduce((sum, gap) => sum + gap.meanSeconds * gap.times, 0) / countOf(alike);
  return mean > SLIDE_SECONDS ? SLIDE_RATE : capRate(exactRate(1 / mean, declared));
}

function variableRate(closestSeconds: number): Rational {
  if (closestSeconds > SLIDE_SECONDS) return SLIDE_RATE;
  const num = VARIABLE_SOURCE_RATES.find((rate) => rate >= KEPT_APART / closestSeconds);
  return { num: num ?? MEDIA_LIMITS.frameRate, den: 1 };
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

/** The exact rational that a measured rate stands for: a declared one, a standard one, or itself to a thousandth. */
function exactRate(measured: number, declared: RateEvidence['declared']): Rational {
  const stated = nearestRate(measured, declared.filter(isPlausible));
  const standard = nearestRate(measured, STANDARD_RATES) ?? FALLBACK;
  if (stated && deviation(stated, measured) < DECLARED_TOLERANCE) {
    return deviation(standard, perSecond(stated)) < SAME_RATE ? standard : stated;
  }
  if (deviation(standard, measured) < STANDARD_TOLERANCE) return standard;
  const num = Math.max(1, Math.round(measured * 1000));
  const divisor = commonDivisor(num, 1000);
  return { num: num / divisor, den: 1000 / divisor };
}

function nearestRate(measured: number, rates: readonly Rational[]): Rational | undefined {
  return rates.toSorted((a, b) => deviation(a, measured) - deviation(b, measured))[0];
}

/** How far a rate is from another one, as a share of that. */
function deviation(rate: Rational, from: number): number {
  return Math.abs(perSecond(rate) / from - 1);
}

function capRate(rate: Rational): Rational {
  const divisor = Math.max(1, Math.ceil(perSecond(rate) / MEDIA_LIMITS.frameRate - CAP_TOLERANCE));
  return { num: rate.num, den: rate.den * divisor };
}

function isPlausible(rate: Rational | null): rate is Rational {
  if (rate === null) return false;
  const { min, max } = PLAUSIBLE_RATES;
  return perSecond(rate) >= min && perSecond(rate) <= max;
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

import type { MediaFacts, Rational, Rendition } from '@reelmill/shared/contracts/media.ts';

/** A source that is smaller than a rung by no more than this factor still gets that rung, at its own size. */
const RUNG_TOLERANCE = 0.95;
const CRF = 23;
/** Above this frame rate a rung gets more bits. */
const HIGH_RATE = 35;
const HIGH_RATE_FACTOR = 1.4;

/** Short side in pixels and maximum bit rate (bits per second, at up to 30 frames per second) of each rung. */
const RUNGS = [
  { side: 2160, maxrate: 16_000_000 },
  { side: 1440, maxrate: 9_000_000 },
  { side: 1080, maxrate: 5_000_000 },
  { side: 720, maxrate: 2_800_000 },
  { side: 480, maxrate: 1_400_000 },
  { side: 360, maxrate: 800_000 },
  { side: 240, maxrate: 450_000 },
] as const;

/** The names of all rungs, largest first. */
export const LADDER_QUALITIES = RUNGS.map(({ side }) => `${side}p`);

/**
 * Returns the renditions of a video, largest first. Rungs are chosen by the shorter side of the displayed picture; nothing
 * is enlarged. A picture smaller than the smallest rung gets that rung's name at its own size.
 */
export function buildLadder(facts: MediaFacts): Rendition[] {
  const { displayWidth, displayHeight, outputFrameRate } = facts.video;
  const shortSide = Math.min(displayWidth, displayHeight);
  const fitting = RUNGS.filter((rung) => shortSide >= rung.side * RUNG_TOLERANCE);
  const rungs = fitting.length > 0 ? fitting : RUNGS.slice(-1);
  return rungs.map((rung) => {
    const scale = Math.min(1, rung.side / shortSide);
    const maxrate = Math.round(rung.maxrate * rateFactor(outputFrameRate));
    return {
      quality: `${rung.side}p`,
      width: evenSide(displayWidth, scale),
      height: evenSide(displayHeight, scale),
      crf: CRF,
      maxrate,
      bufsize: maxrate * 2,
    };
  });
}

/** Returns the quality of the preview: about 360p, small enough to be encoded at once. */
export function previewQuality(renditions: readonly Rendition[]): string {
  const side = (rendition: Rendition): number => Math.min(rendition.width, rendition.height);
  const bySide = [...renditions].sort((a, b) => side(a) - side(b));
  const chosen = bySide.find((rendition) => side(rendition) >= 360 * RUNG_TOLERANCE) ?? bySide.at(-1);
  if (chosen === undefined) throw new RangeError('a ladder has at least one rendition');
  return chosen.quality;
}

function rateFactor(rate: Rational): number {
  return rate.num / rate.den > HIGH_RATE ? HIGH_RATE_FACTOR : 1;
}

/** Returns the nearest even number that does not enlarge. */
function evenSide(pixels: number, scale: number): number {
  return Math.max(2, Math.min(Math.floor(pixels / 2), Math.round((pixels * scale) / 2)) * 2);
}

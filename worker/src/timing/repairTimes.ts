import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';

/** Times in containers are rounded; no two pictures are so near to each other. */
export const TICK_SECONDS = 0.001;

/**
 * Filters that show pictures when they are to be shown, drop those whose times are wrong and close the holes that are left
 * out; `[]` for most sources.
 */
export function repairPictureTimes(facts: MediaFacts): string[] {
  const { strayTimes: strays = [], reorderSeconds = 0 } = facts.video;
  const isStray = strays.map((time) => {
    const [from, to] = [time - TICK_SECONDS, time + TICK_SECONDS];
    return `between(t\\,${from.toFixed(6)}\\,${to.toFixed(6)})`;
  });
  const shift = holeShift(facts);
  return [
    ...(reorderSeconds > 0 ? [`setpts=round(PTS-${reorderSeconds.toFixed(6)}/TB)`] : []),
    ...(isStray.length > 0 ? [`select=not(${isStray.join('+')})`] : []),
    ...(shift === null ? [] : [`setpts=${shift}`]),
  ];
}

/** The same for sound; what has no place in it is dropped when it is resampled. */
export function repairSoundTimes(facts: MediaFacts): string[] {
  const shift = holeShift(facts);
  return shift === null ? [] : [`asetpts=${shift}`];
}

/** What becomes of a time in the source when its holes are closed. */
export function repairedSeconds({ closedHoles = [] }: MediaFacts, seconds: number): number {
  const before = closedHoles.filter(({ atSeconds }) => atSeconds <= seconds);
  return before.reduce((rest, hole) => rest - hole.seconds, seconds);
}

function holeShift({ closedHoles = [] }: MediaFacts): string | null {
  if (closedHoles.length === 0) return null;
  const shifts = closedHoles.map(
    ({ atSeconds, seconds }) => `gte(T\\,${atSeconds.toFixed(6)})*${seconds.toFixed(6)}`,
  );
  return `PTS-(${shifts.join('+')})/TB`;
}

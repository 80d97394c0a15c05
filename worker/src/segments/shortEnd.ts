import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { isTooShort, videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import type { ShortEnd } from './segmentCollector.ts';

/** A video of fewer segments has nothing that could be watched before it is finished. */
const WATCHED_EARLY_FROM_SEGMENTS = 3;

/**
 * How a rendition ends whose segments begin with `firstSegment`; null in plans of versions that joined nothing. A source
 * may be shorter than it was planned, so every segment waits for the next; the very first one does not where it lets
 * people watch early.
 */
export function shortEndOf(plan: Omit<EncodePlan, 'chunks'>, firstSegment: number): ShortEnd | null {
  if (plan.minSegmentSeconds === undefined) return null;
  const opens = firstSegment === 0 && videoSegmentCount(plan) >= WATCHED_EARLY_FROM_SEGMENTS;
  return { waitsFrom: opens ? 1 : firstSegment, isTooShort: (seconds) => isTooShort(plan, seconds) };
}

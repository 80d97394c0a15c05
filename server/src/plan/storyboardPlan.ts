import type { EncodePlan, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { originSeconds } from '@reelmill/shared/core/timeline.ts';

const MAX_TILES = 100;
const COLUMNS = 10;
const TILE_LONG_SIDE = 160;
const MIN_INTERVAL_SECONDS = 1;

/** Returns the grid of the storyboard: at most 100 tiles, at most one per second. */
export function planStoryboard(facts: MediaFacts): EncodePlan['storyboard'] {
  const { startSeconds, durationSeconds, displayWidth, displayHeight } = facts.video;
  const length = Math.max(0.001, startSeconds + durationSeconds - originSeconds(facts));
  const intervalSeconds = Math.max(MIN_INTERVAL_SECONDS, Math.ceil(length / MAX_TILES));
  const count = Math.max(1, Math.min(MAX_TILES, Math.ceil(length / intervalSeconds)));
  const columns = Math.min(COLUMNS, count);
  const scale = TILE_LONG_SIDE / Math.max(displayWidth, displayHeight);
  return {
    intervalSeconds,
    count,
    columns,
    rows: Math.ceil(count / columns),
    tileWidth: evenSide(displayWidth * scale),
    tileHeight: evenSide(displayHeight * scale),
  };
}

function evenSide(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2);
}

import type { TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { frameSeconds } from '@reelmill/shared/core/timeline.ts';
import type { TaskRow } from '../db/rows.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Counts a task that is done; what was encoded counts at the size of its largest rendition. */
export function recordTaskMetrics(
  metrics: Metrics,
  { kind, spec }: Pick<TaskRow, 'kind' | 'spec'>,
  result: TaskResult,
  elapsedSeconds: number,
): void {
  metrics.taskDone(kind, elapsedSeconds);
  if (spec.kind !== 'encode' || result.kind !== 'encode') return;
  const { renditions, facts } = spec.plan;
  // the renditions of a plan are in order, the largest first
  const largest = renditions.find(({ quality }) => spec.qualities.includes(quality));
  if (largest === undefined) return;
  const videoSeconds = frameSeconds(result.frames, facts.video.outputFrameRate);
  metrics.chunkEncoded({ quality: largest.quality, videoSeconds, elapsedSeconds });
}

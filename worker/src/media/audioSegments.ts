import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { AAC_FRAME_SAMPLES, audioSegmentSeconds } from '@reelmill/shared/core/timeline.ts';
import { damaged } from './damage.ts';
import type { FragmentInfo, InitInfo } from './fragments.ts';

/**
 * A check of audio segments, to be called with each of them in order. They follow each other without a gap, in whole AAC
 * frames, and have the length that the plan gives them; one that is shorter is the last one. Throws `output_damaged`.
 */
export function audioSegmentCheck(plan: Omit<EncodePlan, 'chunks'>) {
  let nextTicks = 0;
  let ended = false;
  return (
    { samples, startTicks, durationTicks }: FragmentInfo,
    { timescale }: InitInfo,
    index: number,
  ): void => {
    const planned = Math.round(audioSegmentSeconds(plan, index) * timescale);
    const whole = samples * AAC_FRAME_SAMPLES;
    // only the very last frame may be announced as shorter than it is
    const inFrames =
      durationTicks === whole || (durationTicks < planned && durationTicks > whole - AAC_FRAME_SAMPLES);
    if (ended || startTicks !== nextTicks || !inFrames || durationTicks > planned) {
      throw damaged(
        `audio segment ${index}: ${samples} frames, ${durationTicks} ticks from ${startTicks}, planned ${planned} from ${nextTicks}`,
      );
    }
    ended = durationTicks < planned;
    nextTicks += durationTicks;
  };
}

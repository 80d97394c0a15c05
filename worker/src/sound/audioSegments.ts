import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { AAC_FRAME_SAMPLES, audioSegmentSeconds } from '@reelmill/shared/core/timeline.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { FragmentInfo, InitInfo } from '../verify/fragments.ts';

/** Times of sound are calculated in floating point and rounded down. */
const TICKS = 2;
/** So a segment may be cut a frame beside its place. */
const FRAMES = 1;

/**
 * A check of audio segments, to be called with each of them in order. They follow each other without a gap, in whole AAC
 * frames, and hold as many as the plan gives them; one that holds fewer, or some more, is the last one. Throws `encoder_failed`: no disk
 * moves sound to another time.
 */
export function audioSegmentCheck(plan: Omit<EncodePlan, 'chunks'>) {
  const sampleRate = plan.audio?.sampleRate ?? 1;
  const joinable = Math.floor(((plan.minSegmentSeconds ?? 0) * sampleRate) / AAC_FRAME_SAMPLES);
  let nextTicks = 0;
  let ended = false;
  return (fragment: FragmentInfo, { timescale }: InitInfo, index: number): void => {
    const { samples, startTicks, durationTicks } = fragment;
    const planned = Math.round((audioSegmentSeconds(plan, index) * sampleRate) / AAC_FRAME_SAMPLES);
    const frameTicks = (AAC_FRAME_SAMPLES * timescale) / sampleRate;
    const missingTicks = samples * frameTicks - durationTicks;
    // only the very last frame may be announced as shorter than it is
    if (
      ended ||
      samples > planned + FRAMES + joinable ||
      missingTicks < -TICKS ||
      missingTicks >= frameTicks ||
      Math.abs(startTicks - nextTicks) > TICKS
    ) {
      throw missingSound(
        `audio segment ${index}: ${samples} frames, ${durationTicks} ticks from ${startTicks}, planned ${planned} frames from ${nextTicks}`,
      );
    }
    ended = Math.abs(samples - planned) > FRAMES || missingTicks > TICKS;
    nextTicks = startTicks + durationTicks;
  };
}

/** `encoder_failed`, which blames nobody. */
export function missingSound(diagnostics: string): ReelmillError {
  return new ReelmillError('encoder_failed', 'The sound was not made as a whole.', { diagnostics });
}

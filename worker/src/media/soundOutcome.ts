import type { EncodePlan, RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { explainFailedEncode, REFUSED_BY_DECODER } from './mediaErrors.ts';
import type { ProgramEnd } from './programEnd.ts';
import type { SoundRead } from './soundRead.ts';

/** Codecs round lengths up to whole frames, containers round times. */
const TOLERANCE_SECONDS = 0.2;
/** Less missing than this is no more than a packet; demuxers go on behind a hole in what they read. */
const MISSED_SECONDS = 0.03;

type AudioPlan = Omit<EncodePlan, 'chunks'>;

export interface SoundEnd extends ProgramEnd {
  /** What ffmpeg said it had read; null where it said nothing. */
  read: SoundRead | null;
  output: RenditionOutput | null;
}

/**
 * Returns the sound where it is as long as it was planned. Throws the MediaFault `undecodable` only where the decoder
 * refused packets that it was given; sound that is missing or short for another reason is `encoder_failed`.
 */
export function checkSound(plan: AudioPlan, end: SoundEnd): RenditionOutput {
  const { exitCode, stderr, read, output } = end;
  if (read !== null && isRefused(exitCode, read)) {
    throw new MediaFault('undecodable', 'The sound of the video cannot be decoded.', { diagnostics: stderr });
  }
  if (exitCode !== 0) throw explainFailedEncode(exitCode, stderr);
  // a shorter track is filled up with silence
  if (output === null || lengthSeconds(output) < plannedDurationSeconds(plan) - TOLERANCE_SECONDS) {
    throw missingSound(stderr);
  }
  return output;
}

/** Whether less was decoded than the container announces: some of it is damaged, or missing, or was not read. */
export function isShort({ facts }: AudioPlan, read: SoundRead | null): boolean {
  if (facts.audio === null || read === null) return false;
  const { durationSeconds, sampleRate } = facts.audio;
  return read.samples / sampleRate < durationSeconds - MISSED_SECONDS;
}

export function missingSound(diagnostics: string): ReelmillError {
  return new ReelmillError('encoder_failed', 'The sound was not made as a whole.', { diagnostics });
}

function isRefused(exitCode: number, { packets, frames }: SoundRead): boolean {
  if (packets > 0) return exitCode === REFUSED_BY_DECODER || (exitCode === 0 && frames === 0);
  return exitCode === 0;
}

function lengthSeconds({ segments }: RenditionOutput): number {
  return segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
}

import type { EncodePlan, RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { failedEncodeError, REFUSED_BY_DECODER } from '../programs/programErrors.ts';
import { missingSound } from './audioSegments.ts';
import type { DecodedSound, PipedSound } from './soundPipe.ts';
import type { SoundRead } from './soundRead.ts';

/** Codecs round lengths up to whole frames, containers round times. */
const TOLERANCE_SECONDS = 0.2;
/** Less missing than this is no more than a packet; demuxers go on behind a hole in what they read. */
const MISSED_SECONDS = 0.03;
/** Silence that is so short goes unnoticed. */
const NOTICED_SECONDS = 0.5;

/** Of the packets of a track; the same as ffmpeg's `-max_error_rate`. */
const MAX_REFUSED_SHARE = 2 / 3;

type AudioPlan = Omit<EncodePlan, 'chunks'>;

/** Throws the MediaFault `undecodable` where the decoder refused the packets that it was given, and what its end means else. */
export function checkDecoded({ exitCode, stderr, read }: DecodedSound): void {
  if (read !== null && isRefused(exitCode, read)) {
    throw new MediaFault('undecodable', 'The sound of the video cannot be decoded.', { diagnostics: stderr });
  }
  if (exitCode !== 0) throw failedEncodeError(exitCode, stderr);
}

/** Returns the sound where it is as long as it was planned. Throws `encoder_failed` where it is not, or was not encoded. */
export function checkSound(plan: AudioPlan, { encoded, decoded }: PipedSound): RenditionOutput {
  const { exitCode, stderr, output } = encoded;
  if (exitCode !== 0) throw failedEncodeError(exitCode, stderr);
  // a shorter track is filled up with silence
  if (output === null || lengthSeconds(output) < plannedDurationSeconds(plan) - TOLERANCE_SECONDS) {
    throw missingSound(`${stderr}\n${decoded?.stderr ?? ''}`);
  }
  return output;
}

/** Whether less was decoded than the container announces: some of it is damaged, or missing, or was not read. */
export function isShort({ facts, audio }: AudioPlan, { decoded, timeline }: PipedSound): boolean {
  // a timeline that is full needs no more
  if (facts.audio === null || audio === null || decoded === null) return false;
  return timeline.decodedSamples / audio.sampleRate < facts.audio.durationSeconds - MISSED_SECONDS;
}

/** What the owner should know of the sound. */
export function soundNotices({ audio }: AudioPlan, { decoded, timeline }: PipedSound): NoticeFacts[] {
  const { packets, refused } = decoded?.read ?? { packets: 0, refused: 0 };
  const { decodedSamples, silentSamples, timesRepaired } = timeline;
  // what was refused is as long as what was not
  const refusedSamples = (refused / Math.max(1, packets - refused)) * decodedSamples;
  const seconds = Math.min(refusedSamples, silentSamples) / (audio?.sampleRate ?? 1);
  return [
    ...(timesRepaired ? [{ code: 'times_repaired' as const }] : []),
    ...(seconds > NOTICED_SECONDS
      ? [{ code: 'audio_repaired' as const, seconds: Math.round(seconds * 1000) / 1000 }]
      : []),
  ];
}

function isRefused(exitCode: number, { packets, frames, refused }: SoundRead): boolean {
  if (exitCode !== 0) return packets > 0 && exitCode === REFUSED_BY_DECODER;
  // ffmpeg 7.1 does not always say so with its exit code
  return frames === 0 || packets === 0 || refused / packets > MAX_REFUSED_SHARE;
}

function lengthSeconds({ segments }: RenditionOutput): number {
  return segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
}

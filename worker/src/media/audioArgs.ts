import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { originSeconds, plannedDurationSeconds, segmentCutSeconds } from '@reelmill/shared/core/timeline.ts';
import { BARE_OUTPUT_ARGS, GENERAL_ARGS, hlsArgs } from './encodeArgs.ts';
import { MEDIA_LIMITS } from './limits.ts';
import { repairSoundTimes } from './repairTimes.ts';
import { COUNTING_ARGS } from './soundRead.ts';
import { inputArgs, type SourceInput } from './source.ts';

/** What the AAC encoder puts before the first sample it is given. */
const PRIMING_SAMPLES = 1024;

export interface AudioRun extends SourceInput {
  plan: Omit<EncodePlan, 'chunks'>;
  threads: number;
}

/** Name of the audio's folder, and of its rendition in keys. */
export const AUDIO_NAME = 'audio';

/** Reads the packets of the track, all of them, and nothing else. */
export function countArgs(run: AudioRun): string[] {
  return [...trackArgs(run), '-c', 'copy', '-f', 'null', '-'];
}

/**
 * The one ffmpeg run of the audio task: the whole track on the video's timeline. What comes before the video's time 0
 * is cut, a later beginning and holes are filled with silence, and so is the end where the video is longer.
 */
export function audioArgs(run: AudioRun): string[] {
  const { audio } = run.plan;
  if (audio === null) throw new RangeError('the plan has no audio');
  return [
    ...trackArgs(run),
    ...['-af', audioFilters(run.plan, audio).join(',')],
    ...['-c:a', 'aac', '-b:a', String(audio.bitrate), '-t', String(MEDIA_LIMITS.durationSeconds)],
    ...hlsArgs(AUDIO_NAME, { firstSegment: 0, cutSeconds: segmentCutSeconds(run.plan) }),
  ];
}

function trackArgs(run: AudioRun): string[] {
  const { facts } = run.plan;
  if (facts.audio === null) throw new RangeError('the plan has no audio');
  return [
    ...GENERAL_ARGS,
    ...COUNTING_ARGS,
    '-copyts',
    ...['-threads', String(run.threads)],
    ...inputArgs(run, facts.demuxer),
    ...['-map', `0:${facts.audio.streamIndex}`, ...BARE_OUTPUT_ARGS, '-vn'],
  ];
}

function audioFilters(plan: AudioRun['plan'], audio: NonNullable<EncodePlan['audio']>): string[] {
  const layout = audio.channels === 1 ? 'mono' : 'stereo';
  return [
    ...repairSoundTimes(plan.facts),
    `asetpts=PTS-(${originSeconds(plan.facts).toFixed(6)})/TB`,
    `aresample=${audio.sampleRate}:out_chlayout=${layout}:async=1:first_pts=0`,
    `aformat=sample_rates=${audio.sampleRate}:channel_layouts=${layout}`,
    `apad=whole_dur=${plannedDurationSeconds(plan).toFixed(6)}`,
    // the encoder's priming takes the place of the first samples, so that no edit list is needed and nothing shifts
    `atrim=start_sample=${PRIMING_SAMPLES}`,
    'asetpts=N/SR/TB',
  ];
}

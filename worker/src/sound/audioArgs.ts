import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { segmentCutSeconds } from '@reelmill/shared/core/timeline.ts';
import { BARE_OUTPUT_ARGS, GENERAL_ARGS, MAX_GUESSED_CHANNELS, QUIET_ARGS } from '../programs/ffmpegArgs.ts';
import { hlsArgs } from '../segments/hlsArgs.ts';
import { inputArgs, type SourceInput } from '../source/inputGuard.ts';
import { repairSoundTimes } from '../timing/repairTimes.ts';
import { COUNTING_ARGS } from './soundRead.ts';

export interface AudioRun extends SourceInput {
  plan: Omit<EncodePlan, 'chunks'>;
  threads: number;
  /** Which channels are left and right is not known: every other one is. */
  unnamedChannels: boolean;
}

/** Name of the audio's folder, and of its rendition in keys. */
export const AUDIO_NAME = 'audio';
/** Bytes of each number that decoded sound consists of. */
export const DECODED_BYTES = 8;
/** Channels without names that are heard; sound that changes in the middle may have more than it began with. */
const MIXED_CHANNELS = 64;

/** Reads the packets of the track, all of them, and nothing else. */
export function countArgs(run: AudioRun): string[] {
  return [...trackArgs(run), '-c', 'copy', '-f', 'null', '-'];
}

/**
 * The run that decodes the whole track to the planned rate and channels, whatever changes in the middle. It writes double-precision
 * numbers to standard output: of each sample its channels, and then its time in the source's own time, in seconds. All
 * filters work without memory: where the sound changes, ffmpeg starts them anew.
 */
export function decodeArgs(run: AudioRun): string[] {
  const audio = plannedAudio(run.plan);
  return [
    ...trackArgs(run, ['-guess_layout_max', String(MAX_GUESSED_CHANNELS)]),
    ...['-af', decodeFilters(run, audio).join(','), '-c:a', 'pcm_f64le', '-f', 'f64le', 'pipe:1'],
  ];
}

/** The run that encodes samples of the timeline, which it reads from standard input. */
export function audioArgs(run: AudioRun): string[] {
  const audio = plannedAudio(run.plan);
  return [
    ...GENERAL_ARGS,
    ...['-protocol_whitelist', 'pipe', '-f', 'f32le'],
    ...['-ar', String(audio.sampleRate), '-ac', String(audio.channels), '-i', 'pipe:0'],
    ...['-map', '0:0', ...BARE_OUTPUT_ARGS, '-vn'],
    // the sum of many channels may be louder than full scale
    ...(run.unnamedChannels ? ['-af', 'alimiter=level=disabled'] : []),
    ...['-c:a', 'aac', '-b:a', String(audio.bitrate)],
    ...hlsArgs(AUDIO_NAME, { firstSegment: 0, cutSeconds: segmentCutSeconds(run.plan) }),
  ];
}

function trackArgs(run: AudioRun, decoderArgs: readonly string[] = []): string[] {
  const { facts } = run.plan;
  if (facts.audio === null) throw new RangeError('the plan has no audio');
  return [
    ...QUIET_ARGS,
    ...COUNTING_ARGS,
    '-copyts',
    ...['-threads', String(run.threads), ...decoderArgs],
    ...inputArgs(run, facts.demuxer),
    ...['-map', `0:${facts.audio.streamIndex}`, ...BARE_OUTPUT_ARGS, '-vn'],
  ];
}

function plannedAudio({ audio }: AudioRun['plan']): NonNullable<EncodePlan['audio']> {
  if (audio === null) throw new RangeError('the plan has no audio');
  return audio;
}

function decodeFilters(
  { plan: { facts }, unnamedChannels }: AudioRun,
  audio: NonNullable<EncodePlan['audio']>,
): string[] {
  const { channels, sampleRate } = audio;
  const format = `aformat=sample_fmts=dblp:sample_rates=${sampleRate}`;
  const layout = channels === 1 ? 'mono' : 'stereo';
  const timed = (values: readonly string[]): string =>
    `aeval='${[...values, 't'].join('|')}':c=${channels === 1 ? 'stereo' : '3.0'}`;
  return [
    ...repairSoundTimes(facts),
    ...(unnamedChannels
      ? [format, timed(Array.from({ length: channels }, (_, side) => mixedChannels(side, channels)))]
      : [
          `${format}:channel_layouts=${layout}`,
          timed(Array.from({ length: channels }, (_, n) => `val(${n})`)),
        ]),
    // the time is among the samples; outputs must not go back in time
    'asetpts=NAN',
  ];
}

/** The sum of every `step`-th channel, about as loud as one of them. */
function mixedChannels(first: number, step: number): string {
  const places = Array.from({ length: MIXED_CHANNELS / step }, (_, n) => first + n * step);
  const heard = places.map((channel) => `gt(nb_in_channels,${channel})*val(${channel})`).join('+');
  return `(${heard}+not(gt(nb_in_channels,${first}))*val(0))/sqrt(max(1,ceil((nb_in_channels-${first})/${step})))`;
}

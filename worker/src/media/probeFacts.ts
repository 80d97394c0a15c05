import {
  type MediaFacts,
  mediaFactsSchema,
  type Rational,
  type SourcePatch,
} from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { leadSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { MAX_GUESSED_CHANNELS } from './audioArgs.ts';
import { type Extent, extentOf } from './extent.ts';
import { decideFrameRate, limitFrameRate, type RateDecision } from './frameRate.ts';
import type { Timing } from './inspectTiming.ts';
import type { DecodedFrames, Probe, ProbedStream } from './probeSchema.ts';
import type { ProbedSource } from './probeSource.ts';
import { type SelectedStreams, undecodableError } from './selectStreams.ts';
import { trackNotices } from './trackNotices.ts';

/** MPEG-TS has no index: a seek lands somewhere near, so reading begins well before. */
const TS_PRE_ROLL_SECONDS = 4;
/** A deinterlacer looks at the picture before. */
const INTERLACED_PRE_ROLL_SECONDS = 1;
/** Less of the beginning is not missed. */
const TOLD_SECONDS = 0.5;
const MAX_ASPECT = 8;

export interface Findings extends Timing {
  probe: Probe;
  streams: SelectedStreams;
  /** The first ones that can be decoded. */
  frames: DecodedFrames;
  /** What the source is read with; none where it is read as it is. */
  patches?: readonly SourcePatch[];
  /** Sound that had to be hidden from ffmpeg. */
  hidden?: ProbedSource['hidden'];
}

/** Puts what the probes found together. Throws `broken_timestamps`, `limits_exceeded` or `undecodable`. */
export function factsFromProbe(findings: Findings): MediaFacts {
  const { probe, streams, head, patches = [] } = findings;
  if (head.count === 0) throw new MediaFault('undecodable', 'The video holds no pictures.');
  const { rate, variable } = outputRateOf(findings);
  const extent = extentOf(findings, rate);
  const { closedHoles } = extent;
  const video = { ...videoFacts(findings, extent), outputFrameRate: rate, variableFrameRate: variable };
  const demuxer = probe.format.format_name.split(',')[0] ?? '';
  const audio = streams.audio;
  const notices = [...noticesOf(findings, extent), ...trackNotices(probe, streams, findings.hidden)];
  const preRoll =
    (demuxer === 'mpegts' ? TS_PRE_ROLL_SECONDS : 0) + (video.interlaced ? INTERLACED_PRE_ROLL_SECONDS : 0);
  return mediaFactsSchema.parse({
    demuxer,
    durationSeconds: video.durationSeconds,
    containerStartSeconds: probe.format.start_time ?? 0,
    video,
    audio: audio && {
      streamIndex: audio.index,
      codec: audio.codec_name,
      channels: audio.channels,
      ...(hasUnnamedChannels(audio) && { unnamedChannels: true }),
      sampleRate: audio.sample_rate,
      // what is heard before the first picture goes with the pictures that cannot be shown
      startSeconds: Math.max(
        audio.start_time ?? video.startSeconds,
        extent.leftOutSeconds > 0 ? video.startSeconds : Number.NEGATIVE_INFINITY,
      ),
      durationSeconds: Math.max(0, audio.duration ?? video.durationSeconds),
    },
    seekable: findings.seekable && closedHoles.length === 0,
    preRollSeconds: preRoll,
    ...(closedHoles.length > 0 && { closedHoles }),
    thorough: findings.thorough,
    ...(patches.length > 0 && { sourcePatches: [...patches] }),
    ...(notices.length > 0 && { notices }),
  } satisfies MediaFacts);
}

/** For the owner of the video. */
function noticesOf({ head, streams }: Findings, extent: Extent): NoticeFacts[] {
  const { outlastedSeconds, leftOutSeconds, closedHoles } = extent;
  const { otherVideos } = streams;
  return [
    ...(leftOutSeconds >= TOLD_SECONDS
      ? [{ code: 'beginning_left_out' as const, seconds: leftOutSeconds }]
      : []),
    ...(outlastedSeconds > 0 ? [{ code: 'picture_held' as const, seconds: outlastedSeconds }] : []),
    ...(closedHoles.length + head.strayTimes.length > 0 ? [{ code: 'times_repaired' as const }] : []),
    ...(otherVideos > 0 ? [{ code: 'video_tracks_left_out' as const, count: otherVideos }] : []),
  ];
}

/** Of fewer channels ffmpeg takes the usual layout for granted. */
function hasUnnamedChannels({ channels, channel_layout }: NonNullable<SelectedStreams['audio']>): boolean {
  const isUnnamed = /^(unknown|\d+ channels.*)?$/.test(channel_layout ?? '');
  return isUnnamed && channels > MAX_GUESSED_CHANNELS;
}

type VideoFacts = Omit<MediaFacts['video'], 'outputFrameRate' | 'variableFrameRate'>;

function videoFacts(findings: Findings, extent: Extent): VideoFacts {
  const stream = findings.streams.video;
  const first = findings.frames[0];
  const rotationDegrees = rotationOf(stream);
  const sampleAspectRatio = saneAspect(stream.sample_aspect_ratio);
  const { startSeconds, durationSeconds, heldSeconds } = extent;
  const { strayTimes } = findings.head;
  const transfer = first?.color_transfer ?? stream.color_transfer ?? null;
  const pixelFormat = first?.pix_fmt ?? stream.pix_fmt;
  if (pixelFormat === undefined) throw undecodableError();
  return {
    streamIndex: stream.index,
    codec: stream.codec_name,
    startSeconds,
    durationSeconds,
    ...(heldSeconds > 0 && { heldSeconds }),
    ...(strayTimes.length > 0 && { strayTimes: [...strayTimes] }),
    codedWidth: stream.width,
    codedHeight: stream.height,
    ...displaySize(stream.width, stream.height, sampleAspectRatio, rotationDegrees),
    rotationDegrees,
    sampleAspectRatio,
    pixelFormat,
    fullRange: pixelFormat.startsWith('yuvj') || (first?.color_range ?? stream.color_range) === 'pc',
    interlaced: findings.frames.some((frame) => frame.interlaced_frame === 1),
    hdr: transfer === 'smpte2084' ? 'pq' : transfer === 'arib-std-b67' ? 'hlg' : 'none',
    colorSpace: known(first?.color_space ?? stream.color_space),
    colorPrimaries: known(first?.color_primaries ?? stream.color_primaries),
    colorTransfer: known(transfer),
    singlePicture: findings.tail.count === 1 && findings.head.count === 1,
  };
}

/** Throws `broken_timestamps` or `limits_exceeded`. */
function outputRateOf(findings: Findings): RateDecision {
  const { head, tail, streams } = findings;
  const declared = [streams.video.r_frame_rate, streams.video.avg_frame_rate];
  const decision = decideFrameRate({ gaps: head.gaps, declared });
  // samples that show few pictures are not accepted, so only a video that was read through has too few
  if (head !== tail) return decision;
  const { startSeconds, durationSeconds } = extentOf(findings, decision.rate);
  const seconds = durationSeconds + leadSeconds(startSeconds, streams.audio?.start_time ?? startSeconds);
  return { ...decision, rate: limitFrameRate(decision.rate, { pictures: head.count, seconds }) };
}

function rotationOf(stream: ProbedStream): 0 | 90 | 180 | 270 {
  const counterclockwise = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const clockwise = ((-counterclockwise % 360) + 360) % 360;
  const nearest = [90, 180, 270].find((angle) => Math.abs(clockwise - angle) < 1);
  return nearest === 90 || nearest === 180 || nearest === 270 ? nearest : 0;
}

function saneAspect(aspect: Rational | null): Rational {
  const value = aspect ? aspect.num / aspect.den : 1;
  return aspect && value <= MAX_ASPECT && value >= 1 / MAX_ASPECT ? aspect : { num: 1, den: 1 };
}

function displaySize(
  width: number,
  height: number,
  aspect: Rational,
  rotation: number,
): { displayWidth: number; displayHeight: number } {
  const shown = evenSide((width * aspect.num) / aspect.den);
  const turned = rotation === 90 || rotation === 270;
  return {
    displayWidth: turned ? evenSide(height) : shown,
    displayHeight: turned ? shown : evenSide(height),
  };
}

function evenSide(pixels: number): number {
  return Math.max(2, Math.floor(pixels / 2 + 1e-6) * 2);
}

function known(name: string | null | undefined): string | null {
  return name === undefined || name === null || name === 'unknown' || name === 'reserved' ? null : name;
}

import {
  type MediaFacts,
  mediaFactsSchema,
  type Rational,
  type SourcePatch,
} from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { leadSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { orientationOf } from '../pictures/orientation.ts';
import { CAPTIONS, chooseShape, type ShapeCollector, saneAspect } from '../pictures/pictureShapes.ts';
import type { DecodedFrames, Probe } from '../probe/probeSchema.ts';
import { MAX_GUESSED_CHANNELS } from '../programs/ffmpegArgs.ts';
import { decideFrameRate, limitFrameRate, type RateDecision } from '../timing/frameRate.ts';
import type { CutPicture } from '../timing/mp4Index.ts';
import { type Extent, extentOf } from './extent.ts';
import type { Timing } from './inspectTiming.ts';
import type { ProbedSource } from './probeSource.ts';
import { type SelectedStreams, undecodableError } from './selectStreams.ts';
import { trackNotices } from './trackNotices.ts';

/** MPEG-TS has no index: a seek lands somewhere near, so reading begins well before. */
const TS_PRE_ROLL_SECONDS = 4;
/** A deinterlacer looks at the picture before. */
const INTERLACED_PRE_ROLL_SECONDS = 1;
/** Less of the beginning is neither seen nor heard. */
const MIN_LEFT_OUT_SECONDS = 0.1;

export interface Findings extends Timing {
  probe: Probe;
  streams: SelectedStreams;
  /** The first ones that can be decoded. */
  frames: DecodedFrames;
  /** The source was inspected as thoroughly as can be. */
  thorough: boolean;
  /** What was seen of the pictures of the whole video; null where only the first ones were looked at. */
  shapes: ShapeCollector | null;
  /** What the source is read with; none where it is read as it is. */
  patches?: readonly SourcePatch[];
  /** Sound that had to be hidden from ffmpeg. */
  hidden?: ProbedSource['hidden'];
  /** Of an MP4 that was trimmed. */
  cutPicture?: CutPicture | null;
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
  const notices = oneOfEach([
    ...noticesOf(findings, extent),
    ...pictureNotices(findings, video),
    ...trackNotices(probe, streams, findings.hidden),
  ]);
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
    ...(findings.thorough && { thorough: true }),
    ...(patches.length > 0 && { sourcePatches: [...patches] }),
    ...(notices.length > 0 && { notices }),
  } satisfies MediaFacts);
}

/** For the owner of the video. */
function noticesOf({ head, streams }: Findings, extent: Extent): NoticeFacts[] {
  const { outlastedSeconds, leftOutSeconds, closedHoles } = extent;
  const { otherVideos } = streams;
  return [
    ...(leftOutSeconds >= MIN_LEFT_OUT_SECONDS
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

/** Subtitles and captions within the pictures have the same. */
function oneOfEach(notices: readonly NoticeFacts[]): NoticeFacts[] {
  return [...new Map(notices.map((facts) => [facts.code, facts])).values()];
}

type VideoFacts = Omit<MediaFacts['video'], 'outputFrameRate' | 'variableFrameRate'>;

function videoFacts(findings: Findings, extent: Extent): VideoFacts {
  const stream = findings.streams.video;
  const first = findings.frames[0];
  const orientation = orientationOf(stream.side_data_list?.find((data) => data.rotation !== undefined));
  const { startSeconds, durationSeconds, heldSeconds, reorderSeconds } = extent;
  const { strayTimes } = findings.head;
  const scan = findings.shapes?.finish(startSeconds + durationSeconds) ?? null;
  const shape = scan === null ? null : chooseShape(scan);
  const { width = stream.width, height = stream.height } = shape ?? first ?? stream;
  const sampleAspectRatio = saneAspect(
    shape?.sampleAspectRatio ?? first?.sample_aspect_ratio ?? stream.sample_aspect_ratio,
  );
  const transfer = first?.color_transfer ?? stream.color_transfer ?? null;
  const pixelFormat = pixelFormatOf(findings);
  return {
    streamIndex: stream.index,
    codec: stream.codec_name,
    startSeconds,
    ...(findings.cutPicture && { cutPictureSeconds: findings.cutPicture.seconds }),
    durationSeconds,
    ...(heldSeconds > 0 && { heldSeconds }),
    ...(reorderSeconds > 0 && { reorderSeconds }),
    ...(strayTimes.length > 0 && { strayTimes: [...strayTimes] }),
    codedWidth: width,
    codedHeight: height,
    ...displaySize(width, height, sampleAspectRatio, orientation.rotationDegrees),
    ...orientation,
    sizeChanges: scan !== null && scan.shapes.length > 1,
    sampleAspectRatio,
    ...(scan?.aspectChanges && { aspectChanges: [...scan.aspectChanges] }),
    pixelFormat,
    fullRange: pixelFormat.startsWith('yuvj') || (first?.color_range ?? stream.color_range) === 'pc',
    interlaced: findings.frames.some((frame) => frame.interlaced_frame === 1) || scan?.interlaced === true,
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
  // samples that show few pictures are not accepted, so only a video that was scanned in full has too few
  if (head !== tail) return decision;
  const { startSeconds, durationSeconds } = extentOf(findings, decision.rate);
  const seconds = durationSeconds + leadSeconds(startSeconds, streams.audio?.start_time ?? startSeconds);
  return { ...decision, rate: limitFrameRate(decision.rate, { pictures: head.count, seconds }) };
}

/** As the first picture is decoded; of codecs whose transparency is beside the picture, the container says so. */
function pixelFormatOf({ streams: { video }, frames }: Findings): string {
  const pixelFormat = frames[0]?.pix_fmt ?? video.pix_fmt;
  if (pixelFormat === undefined) throw undecodableError();
  const besides = video.tags?.alpha_mode === '1' && ['vp8', 'vp9'].includes(video.codec_name);
  return besides && pixelFormat === 'yuv420p' ? 'yuva420p' : pixelFormat;
}

function pictureNotices(
  { frames, streams, shapes }: Findings,
  { sizeChanges }: Pick<MediaFacts['video'], 'sizeChanges'>,
): NoticeFacts[] {
  const captioned =
    streams.video.closed_captions === 1 ||
    shapes?.captions === true ||
    frames.some(({ side_data_list = [] }) => side_data_list.some((data) => data.side_data_type === CAPTIONS));
  return [
    ...(sizeChanges ? [{ code: 'size_changes' as const }] : []),
    ...(captioned ? [{ code: 'captions_left_out' as const }] : []),
  ];
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

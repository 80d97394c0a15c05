import { type MediaFacts, mediaFactsSchema, type Rational } from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { leadSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { decideFrameRate, limitFrameRate, type RateDecision } from './frameRate.ts';
import { MEDIA_LIMITS } from './limits.ts';
import { MAX_ASPECT } from './oneShape.ts';
import { orientationOf } from './orientation.ts';
import type { PacketStats } from './packetStats.ts';
import { CAPTIONS, chooseShape, type ShapeCollector } from './pictureShapes.ts';
import type { DecodedFrames, Probe } from './probeSchema.ts';
import type { SelectedStreams } from './selectStreams.ts';

/** MPEG-TS has no index: a seek lands somewhere near, so reading begins well before. */
const TS_PRE_ROLL_SECONDS = 4;
/** A deinterlacer looks at the picture before. */
const INTERLACED_PRE_ROLL_SECONDS = 1;
/** A last packet that claims to be shown for longer has a broken duration, unless there is sound for so long. */
const MAX_LAST_FRAME_SECONDS = 60;

export interface Findings {
  probe: Probe;
  streams: SelectedStreams;
  /** The beginning, or everything where everything was read. */
  head: PacketStats;
  /** The end; the same as `head` where everything was read. */
  tail: PacketStats;
  frames: DecodedFrames;
  /** What was seen of the pictures of the whole video; null where only the first ones were looked at. */
  shapes: ShapeCollector | null;
  /** A read that began in the middle came out where it should. */
  seekable: boolean;
}

/** Puts what the probes found together. Throws `broken_timestamps`, `limits_exceeded` or `undecodable`. */
export function factsFromProbe(findings: Findings): MediaFacts {
  const { probe, streams, head } = findings;
  if (head.count === 0) throw new MediaFault('undecodable', 'The video holds no pictures.');
  const video = videoFacts(findings);
  const demuxer = probe.format.format_name.split(',')[0] ?? '';
  const audio = streams.audio;
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
      sampleRate: audio.sample_rate,
      startSeconds: audio.start_time ?? video.startSeconds,
      durationSeconds: Math.max(0, audio.duration ?? video.durationSeconds),
    },
    seekable: findings.seekable,
    preRollSeconds: preRoll,
    notices: pictureNotices(findings, video),
  } satisfies MediaFacts);
}

function videoFacts(findings: Findings): MediaFacts['video'] {
  const stream = findings.streams.video;
  const first = findings.frames[0];
  const orientation = orientationOf(stream.side_data_list?.find((data) => data.rotation !== undefined));
  const { rate, variable } = outputRateOf(findings);
  const extent = extentOf(findings, rate);
  const scan = findings.shapes?.finish(extent.startSeconds + extent.durationSeconds) ?? null;
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
    ...extent,
    codedWidth: width,
    codedHeight: height,
    ...displaySize(width, height, sampleAspectRatio, orientation.rotationDegrees),
    ...orientation,
    sizeChanges: scan !== null && scan.shapes.length > 1,
    sampleAspectRatio,
    pixelFormat,
    fullRange: pixelFormat.startsWith('yuvj') || (first?.color_range ?? stream.color_range) === 'pc',
    interlaced: findings.frames.some((frame) => frame.interlaced_frame === 1) || scan?.interlaced === true,
    hdr: transfer === 'smpte2084' ? 'pq' : transfer === 'arib-std-b67' ? 'hlg' : 'none',
    colorSpace: known(first?.color_space ?? stream.color_space),
    colorPrimaries: known(first?.color_primaries ?? stream.color_primaries),
    colorTransfer: known(transfer),
    outputFrameRate: rate,
    variableFrameRate: variable,
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

/** Where the pictures begin and for how long they go on, by the packets; the header is not asked. */
function extentOf(
  { head, tail, streams }: Findings,
  rate: Rational,
): { startSeconds: number; durationSeconds: number } {
  const { firstPts } = head;
  const { lastPts } = tail;
  if (firstPts === null || lastPts === null || lastPts < firstPts) {
    throw new MediaFault('broken_timestamps', 'The times of the pictures in this file make no sense.');
  }
  if (Math.max(head.longestGap, tail.longestGap) > MEDIA_LIMITS.gapSeconds || head.backwardJumps > 0) {
    throw new MediaFault(
      'broken_timestamps',
      'The times of the pictures in this file jump; exporting the video again should help.',
    );
  }
  const durationSeconds = lastPts + lastFrameSeconds(tail, streams, rate) - firstPts;
  if (durationSeconds > MEDIA_LIMITS.durationSeconds) {
    throw new MediaFault(
      'limits_exceeded',
      `The video is longer than ${MEDIA_LIMITS.durationSeconds / 3600} hours.`,
    );
  }
  return { startSeconds: firstPts, durationSeconds };
}

function lastFrameSeconds(tail: PacketStats, { video, audio }: SelectedStreams, rate: Rational): number {
  const frame = rate.den / rate.num;
  const stated = tail.lastDuration ?? (tail.count === 1 ? video.duration : null);
  const soundSeconds = (audio?.start_time ?? 0) + (audio?.duration ?? 0) - (tail.lastPts ?? 0);
  const longest = Math.max(MAX_LAST_FRAME_SECONDS, Math.min(soundSeconds + frame, MEDIA_LIMITS.gapSeconds));
  // some containers write a tick where they do not know
  if (stated === null || stated < frame / 2 || stated > longest) return frame;
  return stated;
}

/** As the first picture is decoded; of codecs whose transparency is beside the picture, the container tells of it. */
function pixelFormatOf({ streams: { video }, frames }: Findings): string {
  const pixelFormat = frames[0]?.pix_fmt ?? video.pix_fmt;
  const besides = video.tags?.alpha_mode === '1' && ['vp8', 'vp9'].includes(video.codec_name);
  return besides && pixelFormat === 'yuv420p' ? 'yuva420p' : pixelFormat;
}

function pictureNotices(
  { probe, frames, streams, shapes }: Findings,
  video: MediaFacts['video'],
): NoticeFacts[] {
  const captioned =
    streams.video.closed_captions === 1 ||
    shapes?.captions === true ||
    frames.some(({ side_data_list = [] }) =>
      side_data_list.some((data) => data.side_data_type === CAPTIONS),
    ) ||
    probe.streams.some(({ codec_type }) => codec_type === 'subtitle');
  return [
    ...(video.sizeChanges ? [{ code: 'size_changes' as const }] : []),
    ...(captioned ? [{ code: 'captions_left_out' as const }] : []),
  ];
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

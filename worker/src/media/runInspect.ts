import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { declaredVideos } from './declaredLimits.ts';
import { findTransparency } from './findTransparency.ts';
import { decideFrameRate, isSparse } from './frameRate.ts';
import { probeMemory } from './memoryNeeds.ts';
import type { PacketStats } from './packetStats.ts';
import { decodeFirstFrames, type ProbeTarget, probeHeader, probeStreams, samplePackets } from './probe.ts';
import { factsFromProbe } from './probeFacts.ts';
import type { DecodedFrames, Probe } from './probeSchema.ts';
import { runTogether } from './runTogether.ts';
import { scanPictures } from './scanPictures.ts';
import { encryptedError, type SelectedStreams, selectStreams } from './selectStreams.ts';
import type { SourceInput } from './source.ts';
import type { TaskContext } from './taskContext.ts';

/** A source up to this size is read through: every packet counts, and it takes a moment only. */
const READ_THROUGH_BYTES = 32 * 1024 * 1024;
/** Containers whose seeking lands where it should, or whose error is known (MPEG-TS). */
const SEEKABLE_DEMUXERS = ['mov', 'matroska', 'mpegts', 'dv'];
const HEAD_PACKETS = 600;
const MIDDLE_PACKETS = 200;
const TAIL_SECONDS = 8;
/** The header's end and the last packet may differ by so much, or the header is not believed. */
const TAIL_TOLERANCE_SECONDS = 5;
const DECODED_PACKETS = 8;
/** An edit list may hide more than the first pictures: those of a whole group. */
const HIDDEN_PACKETS = 1_000;
/** The first pictures, and packets from three places. */
const PROBES_AT_ONCE = 4;
/** A seek may land this far before its target (long groups of pictures), and this far after it (no index). */
const SEEK_BEFORE_SECONDS = 60;
const SEEK_AFTER_SECONDS = 2;

export interface InspectOptions {
  /** Sources up to this size are read through instead of sampled. */
  readThroughBytes?: number;
}

/**
 * Finds out what a source is by reading parts of it. Throws a permanent media error, in words
 * for the creator, for everything that cannot be published.
 */
export async function runInspect(
  spec: TaskSpecOf<'inspect'>,
  source: SourceInput,
  context: TaskContext,
  options: InspectOptions = {},
): Promise<Extract<TaskResult, { kind: 'inspect' }>> {
  if (spec.source.sizeBytes === 0) throw new ReelmillError('empty_file', 'The file is empty.');
  const { signal, logger, confinement } = context;
  const unknown = {
    ...source,
    sizeBytes: spec.source.sizeBytes,
    demuxer: null,
    declared: [],
    signal,
    logger,
    confinement,
  };
  const header = await probeHeader(unknown);
  const probe = await probeStreams(header === null ? unknown : knownTarget(unknown, header));
  context.onProgress({ done: 300, segmentsDone: 0, speed: null });
  const streams = selectStreams(probe);
  const target = knownTarget(unknown, probe);
  const thorough = spec.thorough === true;
  const readsAll = thorough || spec.source.sizeBytes <= (options.readThroughBytes ?? READ_THROUGH_BYTES);
  const { index: streamIndex, codec_name: codec } = streams.video;
  const [frames, timing, shapes] = await runTogether(
    PROBES_AT_ONCE * probeMemory(target.sizeBytes, target.declared),
    [
      () => decodeFirstShown(target, streams.video.index),
      () => (readsAll ? readThrough(target, streams) : sampleTiming(target, probe, streams)),
      async () => (readsAll ? scanPictures(target, { streamIndex, codec, thorough }) : null),
    ],
  );
  if (timing.head.encrypted) throw encryptedError();
  if (frames.length === 0) {
    throw new MediaFault('undecodable', 'The video is damaged: no picture of it can be decoded.');
  }
  const found: MediaFacts = factsFromProbe({ probe, streams, frames, shapes, ...timing });
  const facts = await findTransparency(target, found, readsAll);
  context.onProgress({ done: 1000, segmentsDone: 0, speed: null });
  return { kind: 'inspect', facts };
}

async function decodeFirstShown(target: ProbeTarget, streamIndex: number): Promise<DecodedFrames> {
  const frames = await decodeFirstFrames(target, streamIndex, DECODED_PACKETS);
  return frames.length > 0 ? frames : decodeFirstFrames(target, streamIndex, HIDDEN_PACKETS);
}

interface Timing {
  head: PacketStats;
  tail: PacketStats;
  seekable: boolean;
}

/** Reads every packet of the video; for small files, and for those whose header or seeking cannot be believed. */
async function readThrough(target: ProbeTarget, streams: SelectedStreams): Promise<Timing> {
  const all = await samplePackets(target, streams.video.index, null);
  const middle = ((all.firstPts ?? 0) + (all.lastPts ?? 0)) / 2;
  const healthy = all.badTimes === 0 && all.backwardJumps === 0;
  const mayBeCut = healthy && SEEKABLE_DEMUXERS.includes(target.demuxer ?? '');
  const seekable = mayBeCut && (await sampleMiddle(target, streams, middle)).seekable;
  return { head: all, tail: all, seekable };
}

/** Reads the beginning, the end and a place in the middle; falls back to reading everything. */
async function sampleTiming(target: ProbeTarget, probe: Probe, streams: SelectedStreams): Promise<Timing> {
  const start = probe.format.start_time ?? 0;
  const duration = streams.video.duration ?? probe.format.duration;
  if (duration === null || !SEEKABLE_DEMUXERS.includes(target.demuxer ?? '')) {
    return readThrough(target, streams);
  }
  const end = Math.max(start, streams.video.start_time ?? start) + duration;
  const memoryBytes = PROBES_AT_ONCE * probeMemory(target.sizeBytes, target.declared);
  const [head, tail, middle] = await runTogether(memoryBytes, [
    () => samplePackets(target, streams.video.index, `%+#${HEAD_PACKETS}`),
    () => samplePackets(target, streams.video.index, `${(end - TAIL_SECONDS).toFixed(3)}%`),
    () => sampleMiddle(target, streams, start + duration * middleShare()),
  ]);
  const { seekable } = middle;
  const believed = tail.lastPts !== null && Math.abs(tail.lastPts - end) <= TAIL_TOLERANCE_SECONDS;
  const healthy = head.badTimes + tail.badTimes + head.backwardJumps + tail.backwardJumps === 0;
  if (!believed || !seekable || !healthy) return readThrough(target, streams);
  const declared = [streams.video.r_frame_rate, streams.video.avg_frame_rate];
  const { rate } = decideFrameRate({ gaps: head.gaps, declared });
  if ([head, middle.stats, tail].some((stats) => isSparse(stats, rate))) return readThrough(target, streams);
  return { head, tail, seekable };
}

interface MiddleSample {
  stats: PacketStats;
  /** A read that begins in the middle delivers pictures from there. */
  seekable: boolean;
}

async function sampleMiddle(
  target: ProbeTarget,
  streams: SelectedStreams,
  seconds: number,
): Promise<MiddleSample> {
  const interval = `${Math.max(0, seconds).toFixed(3)}%+#${MIDDLE_PACKETS}`;
  const stats = await samplePackets(target, streams.video.index, interval);
  const { firstPts, backwardJumps } = stats;
  const lands =
    firstPts !== null &&
    firstPts >= seconds - SEEK_BEFORE_SECONDS &&
    firstPts <= seconds + SEEK_AFTER_SECONDS;
  return { stats, seekable: lands && backwardJumps === 0 };
}

/** Not the same for every file: nobody can put dense pictures just where they are looked at. */
function middleShare(): number {
  return 0.25 + Math.random() / 2;
}

/** The demuxer and the streams as a probe found them. */
function knownTarget(target: ProbeTarget, probe: Probe): ProbeTarget {
  return { ...target, demuxer: demuxerOf(probe), declared: declaredVideos(probe) };
}

function demuxerOf(probe: Probe): string | null {
  return probe.format.format_name.split(',')[0] ?? null;
}

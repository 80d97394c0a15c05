import { probeMemory } from '../limits/memoryNeeds.ts';
import { runTogether } from '../limits/runTogether.ts';
import { samplePackets } from '../probe/packets.ts';
import type { ProbeTarget, Stretch } from '../probe/probe.ts';
import type { Probe } from '../probe/probeSchema.ts';
import { decideFrameRate, isSparse } from '../timing/frameRate.ts';
import { HOLE_SECONDS, type PacketStats } from '../timing/packetStats.ts';
import { type IndexedTracks, readIndexTiming } from './indexTiming.ts';
import type { SelectedStreams } from './selectStreams.ts';

/** Containers whose seeking lands where it should, or whose error is known (MPEG-TS). */
const SEEKABLE_DEMUXERS = ['mov', 'matroska', 'mpegts', 'dv'];
const HEAD_PACKETS = 600;
const MIDDLE_PACKETS = 200;
const TAIL_SECONDS = 8;
/** The header's end and the last packet may differ by so much, or the header is not believed. */
const TAIL_TOLERANCE_SECONDS = 5;
/** Packets from three places. */
const SAMPLES_AT_ONCE = 3;
/** A seek may land this far before its target (long groups of pictures), and this far after it (no index). */
const SEEK_BEFORE_SECONDS = 60;
const SEEK_AFTER_SECONDS = 2;

/** What is known of the times in a source. */
export interface Timing {
  /** Pictures of the beginning, or all of them. */
  head: PacketStats;
  /** Pictures of the end; the same as `head` where that is all of them. */
  tail: PacketStats;
  /** Sound, of all the source or of its end; null where there is none. */
  sound: PacketStats | null;
  /** A read that began in the middle came out where it should. */
  seekable: boolean;
}

/** The full scan: reads every packet of picture and sound. */
export async function fullScan(target: ProbeTarget, streams: SelectedStreams): Promise<Timing> {
  const [all, sound] = await sampleBoth(target, streams, 'everything');
  const middle = ((all.firstPts ?? 0) + (all.lastPts ?? 0)) / 2;
  const healthy = all.badTimes === 0 && all.backwardJumps === 0;
  const mayBeCut = healthy && SEEKABLE_DEMUXERS.includes(target.demuxer ?? '');
  const seekable = mayBeCut && (await sampleMiddle(target, streams, middle)).seekable;
  return { head: all, tail: all, sound, seekable };
}

/**
 * Reads the index, or the beginning where there is none, the end, and a place in the middle; reads everything where these
 * do not agree with each other or with the header, or do not stand for the rest.
 */
export async function inspectTiming(
  target: ProbeTarget,
  probe: Probe,
  streams: SelectedStreams,
  tracks: IndexedTracks,
): Promise<Timing> {
  const start = probe.format.start_time ?? 0;
  const duration = streams.video.duration ?? probe.format.duration;
  if (duration === null || !SEEKABLE_DEMUXERS.includes(target.demuxer ?? '')) {
    return fullScan(target, streams);
  }
  const end = Math.max(start, streams.video.start_time ?? start) + duration;
  const memoryBytes = SAMPLES_AT_ONCE * probeMemory(target.sizeBytes, target.declared);
  const [beginning, [tail, tailSound], middle] = await runTogether(memoryBytes, [
    () => readBeginning(target, streams, tracks),
    () => sampleBoth(target, streams, `${(end - TAIL_SECONDS).toFixed(3)}%`),
    () => sampleMiddle(target, streams, start + duration * middleShare()),
  ]);
  const { head, whole } = beginning;
  const { seekable } = middle;
  const lastPts = whole ? (head.lastPts ?? end) : end;
  const believed = tail.lastPts !== null && Math.abs(tail.lastPts - lastPts) <= TAIL_TOLERANCE_SECONDS;
  const healthy = head.badTimes + tail.badTimes + head.backwardJumps + tail.backwardJumps === 0;
  if (!believed || !seekable || !healthy) return fullScan(target, streams);
  if (whole) return { head, tail: head, sound: beginning.sound, seekable };
  const declared = [streams.video.r_frame_rate, streams.video.avg_frame_rate];
  const { rate } = decideFrameRate({ gaps: head.gaps, declared });
  const samples = [head, middle.stats, tail];
  const areDense = samples.every((stats) => !isSparse(stats, rate) && stats.longestGap <= HOLE_SECONDS);
  const isHeld = tailSound?.lastPts != null && tailSound.lastPts - end > HOLE_SECONDS;
  if (!areDense || isHeld) return fullScan(target, streams);
  return { head, tail, sound: tailSound, seekable };
}

interface Beginning {
  head: PacketStats;
  sound: PacketStats | null;
  /** It is the whole film. */
  whole: boolean;
}

async function readBeginning(
  target: ProbeTarget,
  { video, audio }: SelectedStreams,
  tracks: IndexedTracks,
): Promise<Beginning> {
  const index = await readIndexTiming(target, audio === null ? [video] : [video, audio], tracks);
  if (index !== null) return { head: index[0], sound: index[1] ?? null, whole: true };
  const [head] = await samplePackets(target, [video.index], `%+#${HEAD_PACKETS}`);
  return { head, sound: null, whole: false };
}

async function sampleBoth(
  target: ProbeTarget,
  { video, audio }: SelectedStreams,
  stretch: Stretch,
): Promise<readonly [PacketStats, PacketStats | null]> {
  if (audio === null) return [...(await samplePackets(target, [video.index], stretch)), null];
  return samplePackets(target, [video.index, audio.index], stretch);
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
  const stretch = `${Math.max(0, seconds).toFixed(3)}%+#${MIDDLE_PACKETS}`;
  const [stats] = await samplePackets(target, [streams.video.index], stretch);
  const { firstPts, backwardJumps } = stats;
  const lands =
    firstPts !== null &&
    firstPts >= seconds - SEEK_BEFORE_SECONDS &&
    firstPts <= seconds + SEEK_AFTER_SECONDS;
  return { stats, seekable: lands && backwardJumps === 0 };
}

/** Not the same for every file: dense pictures cannot be put just where the sample is taken. */
function middleShare(): number {
  return 0.25 + Math.random() / 2;
}

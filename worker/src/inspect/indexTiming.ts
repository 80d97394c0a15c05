import { setImmediate } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { assertFewHidden } from '../probe/packets.ts';
import type { ProbeTarget } from '../probe/probe.ts';
import type { ProbedStream } from '../probe/probeSchema.ts';
import {
  type CutPicture,
  cutPictureOf,
  packetsOf,
  parseMovie,
  shownBehindCut,
  type TrackTimes,
} from '../timing/mp4Index.ts';
import { type Packet, PacketCollector, type PacketStats } from '../timing/packetStats.ts';

export type IndexedTracks = readonly (TrackTimes | null)[] | null;

/** Of a film of twelve hours with many tracks; see `memoryNeeds.ts`. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** Twelve hours of 60 pictures a second. */
const MAX_SAMPLES = 2_600_000;
/** In front of the index; cameras write a few. */
const MAX_TOP_LEVEL_BOXES = 64;
const LONG_HEADER_BYTES = 16;
/** ffprobe and the index agree on the beginning, or the index is not understood. */
const SAME_START_SECONDS = 0.05;
/** The worker has more to do than to count. */
const SAMPLES_PER_TURN = 50_000;

/**
 * The times of whole streams by the index of an MP4, which is read in no more time than a few hundred packets. Null where
 * the file is no MP4, or where its index does not say it all, or not what ffprobe makes of it.
 */
export async function readIndexTiming<const S extends readonly ProbedStream[]>(
  target: ProbeTarget,
  streams: S,
  tracks: IndexedTracks,
): Promise<{ [K in keyof S]: PacketStats } | null> {
  if (tracks === null) return null;
  const stats: PacketStats[] = [];
  for (const stream of streams) {
    const track = tracks[stream.index];
    if (!track || track.samples !== stream.nb_frames || track.samples > MAX_SAMPLES) return null;
    const counted = await countTrack(track, target);
    const differs = Math.abs((counted.firstPts ?? 0) - (stream.start_time ?? 0));
    if (counted.firstPts === null || differs > SAME_START_SECONDS) return null;
    stats.push(counted);
  }
  return stats as { [K in keyof S]: PacketStats }; // one for each stream, in their order
}

/** The picture of a track that an edit list cuts into; null where there is none, or the index is not understood. */
export function findCutPicture(
  tracks: IndexedTracks,
  { video, audio }: { video: ProbedStream; audio: ProbedStream | null },
): CutPicture | null {
  const track = tracks?.[video.index];
  if (!track || track.samples !== video.nb_frames || track.samples > MAX_SAMPLES) return null;
  return cutPictureOf(track, (audio && tracks?.[audio.index]) ?? null);
}

/** The times in the index of an MP4, by the numbers of its streams; null where there is none. */
export async function readTracks(target: ProbeTarget): Promise<IndexedTracks> {
  if (target.demuxer !== 'mov') return null;
  const moov = await readMovieBox(target);
  return moov && parseMovie(moov);
}

async function countTrack(track: TrackTimes, { cutPicture, signal }: ProbeTarget): Promise<PacketStats> {
  const collector = new PacketCollector();
  let [samples, hidden] = [0, 0];
  const isPicture = !track.isSound;
  for (const listed of packetsOf(track)) {
    const packet = cutPicture ? shownBehindCut<Packet>(listed, { cut: cutPicture, isPicture }) : listed;
    if (packet.hidden) hidden++;
    else collector.add(packet);
    if (++samples % SAMPLES_PER_TURN === 0) await setImmediate(undefined, { signal }).catch(stopped);
  }
  const stats = collector.finish();
  assertFewHidden(hidden, stats.count);
  return stats;
}

/** What is inside the `moov` box; null where there is none, or it is too large. */
async function readMovieBox(target: ProbeTarget): Promise<Buffer | null> {
  let at = 0;
  for (let boxes = 0; boxes < MAX_TOP_LEVEL_BOXES && at + LONG_HEADER_BYTES <= target.sizeBytes; boxes++) {
    const header = await readRange(target, at, LONG_HEADER_BYTES);
    if (header === null) return null;
    const isLong = header.readUInt32BE(0) === 1;
    const sizeBytes = isLong ? Number(header.readBigUInt64BE(8)) : header.readUInt32BE(0);
    const headerBytes = isLong ? LONG_HEADER_BYTES : LONG_HEADER_BYTES / 2;
    if (sizeBytes < headerBytes || at + sizeBytes > target.sizeBytes) return null;
    if (header.toString('latin1', 4, 8) === 'moov') {
      const bodyBytes = sizeBytes - headerBytes;
      return bodyBytes > MAX_INDEX_BYTES ? null : readRange(target, at + headerBytes, bodyBytes);
    }
    at += sizeBytes;
  }
  return null;
}

/** Null where the source does not deliver so much: ffprobe will find out what that means. */
async function readRange({ url, signal }: ProbeTarget, from: number, bytes: number): Promise<Buffer | null> {
  try {
    const headers = { range: `bytes=${from}-${from + bytes - 1}` };
    const response = await fetch(url, { headers, signal });
    if (response.status !== 206 || Number(response.headers.get('content-length')) !== bytes) {
      await response.body?.cancel();
      return null;
    }
    return Buffer.from(await response.arrayBuffer());
  } catch {
    if (signal.aborted) stopped();
    return null;
  }
}

function stopped(): never {
  throw new ReelmillError('aborted', 'The task was stopped.');
}

import type { Packet } from './packetStats.ts';
import { TICK_SECONDS } from './repairTimes.ts';

/*
 * The index of an MP4 says when every sample of a track is shown, so the times of a whole film are known without reading it.
 * The file is untrusted: every number is checked against what there is, and whatever is unusual is left to ffprobe.
 */

/** The times of one track, in units of its own; samples are in decoding order. */
export interface TrackTimes {
  timescale: number;
  /** A sample of it can be shown in part. */
  isSound: boolean;
  samples: number;
  durations: Runs;
  /** What is added to decoding times; null where nothing is. */
  offsets: Runs | null;
  /** What an edit list shows: from one time of the track to another; the first of them is shown at `atSeconds`. */
  shown: { from: number; to: number; atSeconds: number } | null;
}

/** A table of counts, each followed by a value that so many samples have: left as it is, for there may be millions. */
interface Runs {
  table: Buffer;
  signed: boolean;
}

interface Box {
  type: string;
  body: Buffer;
}

const RUN_BYTES = 8;
const MAX_BOXES = 10_000;
const EMPTY_EDIT = -1;
const UNCHANGED_RATE = 0x1_0000;
/** So many pictures in a row, and no picture behind them is shown before them. */
const MAX_REORDERED = 32;
/** Neither seen nor heard. */
const SHORTEST_CUT_SECONDS = 0.05;

/**
 * Times of every track in a `moov` box, by the order of the tracks; null for one that is unusual. Null in all where the
 * file has fragments, or the box is damaged.
 */
export function parseMovie(moov: Buffer): (TrackTimes | null)[] | null {
  try {
    const boxes = boxesIn(moov);
    if (boxes.some(({ type }) => type === 'mvex')) return null;
    const movieScale = timescaleOf(bodyOf(boxes, 'mvhd'));
    return boxes.filter(({ type }) => type === 'trak').map(({ body }) => parseTrack(body, movieScale));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The packets of a track as ffprobe would list them, and whether an edit list hides them. */
export function* packetsOf(track: TrackTimes): Generator<Packet & { pts: number; hidden: boolean }> {
  const { timescale, shown, isSound } = track;
  const offsets = track.offsets && spread(track.offsets);
  const origin = shown === null ? 0 : shown.from - shown.atSeconds * timescale;
  let decoded = 0;
  for (const duration of spread(track.durations)) {
    const presented = decoded + (offsets?.next().value ?? 0);
    const isCut = isSound && shown !== null && presented < shown.from && presented + duration > shown.from;
    const time = isCut ? shown.from : presented;
    yield {
      pts: toSeconds(time - origin, timescale),
      dts: toSeconds(decoded - origin, timescale),
      // an edit list may end within a sample
      duration: toSeconds(
        shown === null ? duration : Math.min(duration, Math.max(0, shown.to - time)),
        timescale,
      ),
      encrypted: false,
      hidden: shown !== null && (time < shown.from || time >= shown.to),
    };
    decoded += duration;
  }
}

/**
 * A picture that is on when an edit list begins, though it begins before that. ffmpeg hides it, and moves all others so that
 * the next one comes in its place. Times in seconds, as ffprobe would print them if it did not.
 */
export interface CutPicture {
  seconds: number;
  /** What the edit list of the pictures shows. */
  shown: Stretch;
  /** What that of the sound lets be heard. */
  heard: Stretch;
}

interface Stretch {
  fromSeconds: number;
  toSeconds: number;
}

/** Without its edit list, ffmpeg seeks too early by what that hides: more than this is not decoded for every chunk. */
const MAX_HIDDEN_SECONDS = 20;
/** As many as that may be; an index may claim any number. */
const MAX_HIDDEN_SAMPLES = 10_000;

/**
 * The picture that an edit list cuts into; null where the next one follows at once, and where the list hides so much that
 * reading without it costs too much.
 */
export function cutPictureOf(track: TrackTimes, sound: TrackTimes | null): CutPicture | null {
  if (track.shown === null || track.shown.from > MAX_HIDDEN_SECONDS * track.timescale) return null;
  const { atSeconds } = track.shown;
  let [before, next] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [shown, hiddenSamples] = [0, 0];
  for (const { pts, hidden } of packetsOf(track)) {
    if (!hidden) next = Math.min(next, pts);
    else if (pts < atSeconds) before = Math.max(before, pts);
    if (!hidden && ++shown === MAX_REORDERED) break;
    if (hidden && ++hiddenSamples > MAX_HIDDEN_SAMPLES) return null;
  }
  if (!Number.isFinite(before) || next - atSeconds < SHORTEST_CUT_SECONDS) return null;
  return { seconds: before, shown: stretchOf(track), heard: sound ? stretchOf(sound) : EVERYTHING };
}

const EVERYTHING: Stretch = { fromSeconds: Number.NEGATIVE_INFINITY, toSeconds: Number.POSITIVE_INFINITY };

function stretchOf({ shown, timescale }: TrackTimes): Stretch {
  if (shown === null) return EVERYTHING;
  const { from, to, atSeconds } = shown;
  return { fromSeconds: atSeconds, toSeconds: atSeconds + toSeconds(to - from, timescale) };
}

/** A packet as it is shown of a film that begins with a cut picture. */
export function shownBehindCut<P extends Packet>(
  packet: P & { hidden: boolean },
  { cut, isPicture }: { cut: CutPicture; isPicture: boolean },
): P & { hidden: boolean } {
  if (packet.pts === null) return packet;
  const { fromSeconds, toSeconds: untilSeconds } = isPicture ? cut.shown : cut.heard;
  const isCut = isPicture && Math.abs(packet.pts - cut.seconds) < TICK_SECONDS;
  const pts = isCut ? fromSeconds : packet.pts;
  const end = Math.min(packet.pts + (packet.duration ?? 0), untilSeconds);
  return {
    ...packet,
    pts,
    dts: isCut ? fromSeconds : packet.dts,
    duration: packet.duration === null ? null : Math.max(0, end - pts),
    hidden: pts < fromSeconds - TICK_SECONDS || pts > untilSeconds - TICK_SECONDS,
  };
}

/** As ffprobe prints them. */
function toSeconds(units: number, timescale: number): number {
  return Math.round((units / timescale) * 1e6) / 1e6;
}

function* spread(runs: Runs): Generator<number, undefined> {
  const { table, signed } = runs;
  for (let at = 0; at < table.length; at += RUN_BYTES) {
    const value = signed ? table.readInt32BE(at + 4) : table.readUInt32BE(at + 4);
    for (let left = table.readUInt32BE(at); left > 0; left--) yield value;
  }
}

function countSamples({ table }: Runs): number {
  let samples = 0;
  for (let at = 0; at < table.length; at += RUN_BYTES) samples += table.readUInt32BE(at);
  return samples;
}

function parseTrack(trak: Buffer, movieScale: number): TrackTimes | null {
  const boxes = boxesIn(trak);
  const media = boxesIn(bodyOf(boxes, 'mdia'));
  const tables = boxesIn(bodyOf(boxesIn(bodyOf(media, 'minf')), 'stbl'));
  const timescale = timescaleOf(bodyOf(media, 'mdhd'));
  const durations = runsOf(bodyOf(tables, 'stts'), false);
  const ctts = tables.find(({ type }) => type === 'ctts');
  // written with a sign by some, and without by others
  const offsets = ctts === undefined ? null : runsOf(ctts.body, true);
  const samples = countSamples(durations);
  const edits = boxes.find(({ type }) => type === 'edts');
  const shown =
    edits === undefined ? null : shownBy(bodyOf(boxesIn(edits.body), 'elst'), movieScale, timescale);
  const isSound = bodyOf(media, 'hdlr').toString('latin1', 8, 12) === 'soun';
  return shown === undefined ? null : { timescale, isSound, samples, durations, offsets, shown };
}

/** Undefined for more than a pause and one stretch at its own speed. */
function shownBy(elst: Buffer, movieScale: number, timescale: number): TrackTimes['shown'] | undefined {
  const wide = elst.readUInt8(0) === 1;
  const count = elst.readUInt32BE(4);
  if (count === 0) return null;
  if (count > 2) return undefined;
  const edits = Array.from({ length: count }, (_, n) => {
    const at = 8 + n * (wide ? 20 : 12);
    const [duration, start] = wide
      ? [Number(elst.readBigUInt64BE(at)), Number(elst.readBigInt64BE(at + 8))]
      : [elst.readUInt32BE(at), elst.readInt32BE(at + 4)];
    return { duration, start, rate: elst.readUInt32BE(at + (wide ? 16 : 8)) };
  });
  const last = edits.at(-1);
  const pause = edits.length === 2 ? edits[0] : undefined;
  if (last === undefined || last.start < 0 || last.rate !== UNCHANGED_RATE || last.duration === 0)
    return undefined;
  if (pause !== undefined && pause.start !== EMPTY_EDIT) return undefined;
  const shownUnits = Math.round((last.duration * timescale) / movieScale);
  return {
    from: last.start,
    to: last.start + shownUnits,
    atSeconds: (pause?.duration ?? 0) / movieScale,
  };
}

function timescaleOf(header: Buffer): number {
  const timescale = header.readUInt32BE(header.readUInt8(0) === 1 ? 20 : 12);
  if (timescale === 0) throw new RangeError('a track without a clock');
  return timescale;
}

function runsOf(box: Buffer, signed: boolean): Runs {
  const end = 8 + box.readUInt32BE(4) * RUN_BYTES;
  if (end > box.length) throw new RangeError('a table that is not whole');
  return { table: box.subarray(8, end), signed };
}

function bodyOf(boxes: readonly Box[], type: string): Buffer {
  const found = boxes.find((box) => box.type === type);
  if (found === undefined) throw new RangeError(`no box ${type}`);
  return found.body;
}

function boxesIn(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const sizeBytes = bytes.readUInt32BE(at);
    // four zero bytes end a list in files of QuickTime
    if (sizeBytes === 0) break;
    if (sizeBytes < 8 || at + sizeBytes > bytes.length || boxes.length === MAX_BOXES) {
      throw new RangeError('a box that is not whole');
    }
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      body: bytes.subarray(at + 8, at + sizeBytes),
    });
    at += sizeBytes;
  }
  return boxes;
}

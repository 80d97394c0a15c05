/** One packet as a demuxer delivers it; times in seconds, null where the container does not say. */
export interface Packet {
  pts: number | null;
  dts: number | null;
  duration: number | null;
  /** The container says that its bytes are encrypted. */
  encrypted: boolean;
}

/** Distances of about the same length; `meanSeconds` is exact. */
export interface GapCount {
  meanSeconds: number;
  times: number;
}

/** A stretch without packets: from the end of one to the beginning of the next. */
export interface Hole {
  from: number;
  to: number;
}

/** What the packets of one stream say about its timing. */
export interface PacketStats {
  /** Packets that are shown and whose time can be believed. */
  count: number;
  firstPts: number | null;
  lastPts: number | null;
  /** Duration of the packet with the last time, null where the container does not say. */
  lastDuration: number | null;
  /** Distances between neighbouring pictures, those that are nearly equal counted together; in no order. */
  gaps: readonly GapCount[];
  longestGap: number;
  /** Those longer than `HOLE_SECONDS`, in their order; of very many only the first ones. */
  holes: readonly Hole[];
  /** The container says when pictures are decoded, and not when they are shown: a decoder shows them later. */
  areDecodeTimes: boolean;
  /** Times a later packet lay clearly before an earlier one. */
  backwardJumps: number;
  /** Packets whose time contradicts their dts or their neighbours. */
  badTimes: number;
  /** Times of such packets that a decoder would believe; of very many only the first ones. */
  strayTimes: readonly number[];
  encrypted: boolean;
}

/** A longer stretch without packets is looked at: it may be damage. */
export const HOLE_SECONDS = 10;
const MAX_HOLES = 1000;
const MAX_STRAY_TIMES = 50;
/** More than any codec reorders. */
const REORDER_WINDOW = 64;
/** So many packets with earlier times come behind one that is reordered, at most; any behind a broken time. */
const MAX_REORDERED = 32;
/** At the end of a stream there may be fewer behind a broken time. */
const MIN_OVERTAKEN_AT_END = 3;
/** Where decoding times go back as well, one is enough, but only for a time that is so many of the usual distances ahead. */
const MIN_DISTANCES_AHEAD = 16;
/** So many packets in a row before the others are a clock that was set back; fewer have broken times. */
const MAX_STRAYS = 16;
/** Reordering moves a picture by so many seconds, or by so many of its own durations: slides stand for long. */
const MAX_PTS_DTS_SECONDS = 10;
const MAX_PTS_DTS_PICTURES = 16;
const BACKWARD_JUMP_SECONDS = 1;
/** Distances are counted in steps of 0.1 ms, so that their table stays small. */
const GAP_STEPS_PER_SECOND = 10_000;

interface Waiting {
  time: number;
  duration: number | null;
  dts: number | null;
  /** Packets that came later and are earlier. */
  overtaken: number;
  /** Those of them that are decoded earlier, too: reordering does not do that. */
  contradicted: number;
}

/** Collects statistics of packets in decoding order, in memory that does not grow with their number. */
export class PacketCollector {
  /** In the order of their times; not counted yet, because a packet may still come before them. */
  readonly #window: Waiting[] = [];
  readonly #gaps = new Map<number, GapCount>();
  readonly #holes: Hole[] = [];
  readonly #strayTimes: number[] = [];
  #areDecodeTimes: boolean | null = null;
  #count = 0;
  #first: number | null = null;
  #last: Waiting | null = null;
  /** The latest packets, in a row, that are far behind the others. */
  readonly #strays: Waiting[] = [];
  #longestGap = 0;
  #backwardJumps = 0;
  #badTimes = 0;
  #encrypted = false;

  add(packet: Packet): void {
    this.#encrypted ||= packet.encrypted;
    const time = packet.pts ?? packet.dts;
    if (time === null) return;
    // of pictures that nothing is reordered with, the demuxer knows the other time as well
    this.#areDecodeTimes ??= packet.pts === null;
    const reorderSeconds = Math.max(MAX_PTS_DTS_SECONDS, MAX_PTS_DTS_PICTURES * (packet.duration ?? 0));
    if (packet.dts !== null && Math.abs(time - packet.dts) > reorderSeconds) {
      this.#drop(time);
      return;
    }
    const { duration, dts } = packet;
    const waiting = { time, duration, dts, overtaken: 0, contradicted: 0 };
    if (!this.#isFarBehind(waiting)) {
      this.#dropStrays();
      this.#insert(waiting);
    } else if (this.#strays.push(waiting) === MAX_STRAYS) this.#beginAnew();
    while (this.#window.length > REORDER_WINDOW) this.#countOldest();
  }

  finish(): PacketStats {
    this.#dropOvertaken(MIN_OVERTAKEN_AT_END, HOLE_SECONDS);
    this.#dropContradicted();
    while (this.#window.length > 0) this.#countOldest();
    this.#dropStrays();
    return {
      count: this.#count,
      firstPts: this.#first,
      lastPts: this.#last?.time ?? null,
      lastDuration: this.#last?.duration ?? null,
      gaps: [...this.#gaps.values()],
      longestGap: this.#longestGap,
      holes: this.#holes,
      areDecodeTimes: this.#areDecodeTimes ?? false,
      backwardJumps: this.#backwardJumps,
      badTimes: this.#badTimes,
      strayTimes: this.#strayTimes,
      encrypted: this.#encrypted,
    };
  }

  /** Whether more packets with later times came before this one than any codec reorders. */
  #isFarBehind({ time }: Waiting): boolean {
    const overtakes = this.#window.at(-1 - MAX_REORDERED)?.time ?? this.#last?.time;
    return overtakes !== undefined && time < overtakes - BACKWARD_JUMP_SECONDS;
  }

  #dropStrays(): void {
    for (const { time } of this.#strays.splice(0)) this.#drop(time);
  }

  /** The clock was set back: what came before is counted, and what comes is not compared with it. */
  #beginAnew(): void {
    this.#backwardJumps++;
    while (this.#window.length > 0) this.#countOldest();
    this.#last = null;
    for (const stray of this.#strays.splice(0)) this.#insert(stray);
  }

  #insert(packet: Waiting): void {
    let at = this.#window.length;
    while (at > 0) {
      const later = this.#window[at - 1];
      if (later === undefined || later.time <= packet.time) break;
      later.overtaken++;
      if (goesBack(later.dts, packet.dts)) later.contradicted++;
      at--;
    }
    this.#window.splice(at, 0, packet);
    this.#dropOvertaken(MAX_REORDERED, BACKWARD_JUMP_SECONDS);
  }

  /** Drops what so many have overtaken that it cannot be reordering: times far ahead of their neighbours'. */
  #dropOvertaken(times: number, aheadSeconds: number): void {
    const at = this.#window.findLastIndex(({ overtaken }) => overtaken < times) + 1;
    const [before, first] = [this.#window[at - 1], this.#window[at]];
    if (before === undefined || first === undefined || first.time - before.time <= aheadSeconds) return;
    for (const { time } of this.#window.splice(at)) this.#drop(time);
  }

  /** Drops the last times where a stream's end contradicts them, and they are no more than what does. */
  #dropContradicted(): void {
    const at = this.#window.findLastIndex(({ contradicted }) => contradicted === 0) + 1;
    const [before, first] = [this.#window[at - 1], this.#window[at]];
    if (before === undefined || first === undefined || this.#window.length - at > first.contradicted) return;
    const distances = this.#window.slice(1, at).map(({ time }, n) => time - (this.#window[n]?.time ?? time));
    const usual = Math.max(this.#longestGap, ...distances);
    if (first.time - before.time <= Math.max(HOLE_SECONDS, MIN_DISTANCES_AHEAD * usual)) return;
    for (const { time } of this.#window.splice(at)) this.#drop(time);
  }

  #drop(time: number): void {
    this.#badTimes++;
    if (this.#strayTimes.length < MAX_STRAY_TIMES) this.#strayTimes.push(time);
  }

  #countOldest(): void {
    const packet = this.#window.shift();
    if (packet === undefined) return;
    const before = this.#last;
    this.#count++;
    this.#first ??= packet.time;
    this.#last = packet;
    const gap = before === null ? 0 : packet.time - before.time;
    if (before === null || gap <= 0) return;
    this.#longestGap = Math.max(this.#longestGap, gap);
    this.#countGap(gap);
    if (gap <= HOLE_SECONDS || this.#holes.length === MAX_HOLES) return;
    this.#holes.push({ from: before.time + Math.min(before.duration ?? 0, gap), to: packet.time });
  }

  #countGap(gap: number): void {
    const step = Math.round(gap * GAP_STEPS_PER_SECOND);
    const known = this.#gaps.get(step);
    if (known) {
      known.times++;
      known.meanSeconds += (gap - known.meanSeconds) / known.times;
    } else if (this.#gaps.size < GAP_STEPS_PER_SECOND) {
      this.#gaps.set(step, { meanSeconds: gap, times: 1 });
    }
  }
}

function goesBack(before: number | null, behind: number | null): boolean {
  return before !== null && behind !== null && behind < before - BACKWARD_JUMP_SECONDS;
}

/** Order of the fields that `parsePacketLine` expects of ffprobe's `-of csv=p=0`. */
export const PACKET_FIELDS =
  'packet=stream_index,pts_time,dts_time,duration_time,flags:packet_side_data=side_data_type';

/** A packet of the list, and which stream it is of. */
export interface ListedPacket extends Packet {
  streamIndex: number;
  /** An edit list hides it: it is decoded, but not shown. */
  hidden: boolean;
}

/** Parses one line of ffprobe's packet list; null for anything else. */
export function parsePacketLine(line: string): ListedPacket | null {
  const [stream, pts, dts, duration, flags, ...sideData] = line.split(',');
  if (stream === undefined || pts === undefined || dts === undefined) return null;
  if (duration === undefined || flags === undefined) return null;
  return {
    streamIndex: Number(stream),
    pts: timeOf(pts),
    dts: timeOf(dts),
    duration: timeOf(duration),
    encrypted: sideData.some((type) => type.startsWith('Encryption')),
    hidden: flags.includes('D'),
  };
}

function timeOf(text: string): number | null {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? value : null;
}

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
  /** Times a later packet lay clearly before an earlier one. */
  backwardJumps: number;
  /** Packets whose pts contradicts their dts. */
  badTimes: number;
  encrypted: boolean;
}

/** More than any codec reorders. */
const REORDER_WINDOW = 64;
/** Reordering moves a picture by so many seconds, or by so many of its own durations: slides stand for long. */
const MAX_PTS_DTS_SECONDS = 10;
const MAX_PTS_DTS_PICTURES = 16;
const BACKWARD_JUMP_SECONDS = 1;
/** Distances are counted in steps of 0.1 ms, so that their table stays small. */
const GAP_STEPS_PER_SECOND = 10_000;

/** Collects statistics of packets in decoding order, in memory that does not grow with their number. */
export class PacketCollector {
  /** Ascending times that are not counted yet, because a packet may still come before them. */
  readonly #window: number[] = [];
  readonly #gaps = new Map<number, GapCount>();
  #count = 0;
  #first: number | null = null;
  #latest: { pts: number; duration: number | null } | null = null;
  #previous: number | null = null;
  #longestGap = 0;
  #backwardJumps = 0;
  #badTimes = 0;
  #encrypted = false;

  add(packet: Packet): void {
    this.#encrypted ||= packet.encrypted;
    const time = packet.pts ?? packet.dts;
    if (time === null) return;
    const reorderSeconds = Math.max(MAX_PTS_DTS_SECONDS, MAX_PTS_DTS_PICTURES * (packet.duration ?? 0));
    if (packet.dts !== null && Math.abs(time - packet.dts) > reorderSeconds) {
      this.#badTimes++;
      return;
    }
    this.#count++;
    if (this.#latest === null || time >= this.#latest.pts) {
      this.#latest = { pts: time, duration: packet.duration };
    }
    this.#insert(time);
    if (this.#window.length > REORDER_WINDOW) this.#countOldest();
  }

  finish(): PacketStats {
    while (this.#window.length > 0) this.#countOldest();
    return {
      count: this.#count,
      firstPts: this.#first,
      lastPts: this.#latest?.pts ?? null,
      lastDuration: this.#latest?.duration ?? null,
      gaps: [...this.#gaps.values()],
      longestGap: this.#longestGap,
      backwardJumps: this.#backwardJumps,
      badTimes: this.#badTimes,
      encrypted: this.#encrypted,
    };
  }

  #insert(time: number): void {
    let at = this.#window.length;
    while (at > 0 && (this.#window[at - 1] ?? 0) > time) at--;
    this.#window.splice(at, 0, time);
  }

  #countOldest(): void {
    const time = this.#window.shift();
    if (time === undefined) return;
    if (this.#first === null) this.#first = time;
    const gap = this.#previous === null ? null : time - this.#previous;
    this.#previous = time;
    if (gap === null) return;
    if (gap < -BACKWARD_JUMP_SECONDS) this.#backwardJumps++;
    if (gap <= 0) return;
    this.#longestGap = Math.max(this.#longestGap, gap);
    this.#countGap(gap);
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

/** Order of the fields that `parsePacketLine` expects of ffprobe's `-of csv=p=0`. */
export const PACKET_FIELDS = 'packet=pts_time,dts_time,duration_time,flags:packet_side_data=side_data_type';

/** Parses one line of ffprobe's packet list; null for anything else, and for packets that an edit list hides. */
export function parsePacketLine(line: string): Packet | null {
  const [pts, dts, duration, flags, ...sideData] = line.split(',');
  if (pts === undefined || dts === undefined || duration === undefined || flags === undefined) return null;
  if (flags.includes('D')) return null;
  const encrypted = sideData.some((type) => type.startsWith('Encryption'));
  return { pts: timeOf(pts), dts: timeOf(dts), duration: timeOf(duration), encrypted };
}

/** Whether a line of the packet list is one that an edit list hides: it is decoded, but not shown. */
export function isHiddenPacket(line: string): boolean {
  return line.split(',', 4)[3]?.includes('D') === true;
}

function timeOf(text: string): number | null {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? value : null;
}

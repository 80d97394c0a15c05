import type { Packet } from './packetStats.ts';

/** Demuxers of bare streams: they have pictures and their rate, but no times. */
const ELEMENTARY_DEMUXERS: ReadonlySet<string> = new Set(['h264', 'hevc', 'mpegvideo']);

/** Whether the pictures of a source come one after the other, beginning at 0, whatever times they are given. */
export function isElementary(demuxer: string | null): boolean {
  return demuxer !== null && ELEMENTARY_DEMUXERS.has(demuxer);
}

/** Gives packets the times that follow from their durations. */
export class PacketClock {
  #seconds = 0;

  /** Returns the packet with its time; without one where it has no duration. */
  stamp(packet: Packet): Packet {
    if (packet.duration === null) return { ...packet, pts: null, dts: null };
    const pts = this.#seconds;
    this.#seconds += exactSeconds(packet.duration);
    return { ...packet, pts, dts: null };
  }
}

/** ffprobe rounds to microseconds, which is a picture after an hour: rates are whole, or so by 1000/1001. */
function exactSeconds(duration: number): number {
  return duration > 0 ? 1001 / Math.round(1001 / duration) : 0;
}

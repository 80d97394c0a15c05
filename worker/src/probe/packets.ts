import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { MEDIA_LIMITS } from '../limits/mediaLimits.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { runProgram } from '../programs/runProgram.ts';
import { isElementary, PacketClock } from '../timing/elementaryStream.ts';
import { shownBehindCut } from '../timing/mp4Index.ts';
import {
  type ListedPacket,
  PACKET_FIELDS,
  PacketCollector,
  type PacketStats,
  parsePacketLine,
} from '../timing/packetStats.ts';
import { type ProbeTarget, probeArgs, runOptions, type Stretch, stretchArgs } from './probe.ts';

/**
 * Timing of the packets of some streams, in their order. Nothing is decoded. A demuxer that fails half way counts with
 * what it had.
 */
export async function samplePackets<const S extends readonly number[]>(
  target: ProbeTarget,
  streamIndexes: S,
  stretch: Stretch,
): Promise<{ [K in keyof S]: PacketStats }> {
  const collectors = new Map(streamIndexes.map((index) => [index, new PacketCollector()]));
  const clock = isElementary(target.demuxer) ? new PacketClock() : null;
  let hidden = 0;
  await runProgram(
    'ffprobe',
    [
      ...probeArgs(target),
      ...(streamIndexes.length === 1 ? ['-select_streams', streamIndexes.join()] : []),
      ...['-show_entries', PACKET_FIELDS, '-of', 'csv=p=0'],
      ...stretchArgs(stretch),
      ...['-i', target.url],
    ],
    {
      ...runOptions(target),
      stallMs: TIME_LIMITS.stallMs,
      timeLimitMs: stretch === 'everything' ? TIME_LIMITS.scanMs : TIME_LIMITS.probeMs,
      onLine(line) {
        const listed = parsePacketLine(line);
        if (listed === null) return true;
        const isPicture = listed.streamIndex === streamIndexes[0];
        const cut = target.cutPicture;
        const packet = cut ? shownBehindCut<ListedPacket>(listed, { cut, isPicture }) : listed;
        if (!packet.hidden) collectors.get(packet.streamIndex)?.add(clock?.stamp(packet) ?? packet);
        else if (isPicture) hidden++;
        return true;
      },
    },
  );
  const stats = streamIndexes.map((index) => (collectors.get(index) ?? new PacketCollector()).finish());
  assertFewHidden(hidden, stats[0]?.count ?? 0);
  return stats as { [K in keyof S]: PacketStats }; // one for each stream, in their order
}

/** Whether a stream's first packet is a keyframe that an edit list hides: it is decoded for what comes behind it. */
export async function beginsWithHiddenKeyframe(target: ProbeTarget, streamIndex: number): Promise<boolean> {
  if (target.demuxer !== 'mov') return false;
  let flags: string | null = null;
  const what = ['-select_streams', String(streamIndex), '-show_entries', 'packet=flags', '-of', 'csv=p=0'];
  await runProgram('ffprobe', [...probeArgs(target), ...what, ...stretchArgs('%+#1'), '-i', target.url], {
    ...runOptions(target),
    stallMs: TIME_LIMITS.stallMs,
    timeLimitMs: TIME_LIMITS.probeMs,
    onLine(line) {
      flags ??= line;
      return true;
    },
  });
  return /^K.*D/.test(flags ?? '');
}

/** How many packets each stream has in a stretch; those without any are left out. */
export async function countFirstPackets(target: ProbeTarget, stretch: Stretch): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  const what = ['-show_entries', 'packet=stream_index', '-of', 'csv=p=0', ...stretchArgs(stretch)];
  await runProgram('ffprobe', [...probeArgs(target), ...what, '-i', target.url], {
    ...runOptions(target),
    stallMs: TIME_LIMITS.stallMs,
    timeLimitMs: TIME_LIMITS.probeMs,
    onLine(line) {
      const index = Number.parseInt(line, 10);
      if (index >= 0) counts.set(index, (counts.get(index) ?? 0) + 1);
      return true;
    },
  });
  return counts;
}

/** What is hidden is decoded all the same, again for every cut. Throws `limits_exceeded`. */
export function assertFewHidden(hidden: number, shown: number): void {
  const { hiddenPackets, hiddenPacketsPerShown } = MEDIA_LIMITS;
  if (hidden > Math.max(hiddenPackets, shown * hiddenPacketsPerShown)) {
    throw new MediaFault('limits_exceeded', 'The video is put together from too many pieces.');
  }
}

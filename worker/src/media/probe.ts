import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { z } from 'zod';
import type { Confinement } from '../confine/confinement.ts';
import { assertWithinLimits } from './declaredLimits.ts';
import { isElementary, PacketClock } from './elementaryStream.ts';
import type { DecodedVideo } from './inputBounds.ts';
import { MEDIA_LIMITS, TIME_LIMITS } from './limits.ts';
import { explainUnopened } from './mediaErrors.ts';
import { bareMemory, type DeclaredVideo, maxDecodedPixels, probeMemory } from './memoryNeeds.ts';
import {
  isHiddenPacket,
  PACKET_FIELDS,
  PacketCollector,
  type PacketStats,
  parsePacketLine,
} from './packetStats.ts';
import {
  type DecodedFrames,
  FRAME_ENTRIES,
  framesSchema,
  PROBE_ENTRIES,
  type Probe,
  probeSchema,
} from './probeSchema.ts';
import { runProgram } from './runProgram.ts';
import { guardArgs, type SourceInput } from './source.ts';

const MAX_JSON_BYTES = 4 * 1024 * 1024;
/** ffprobe opens a decoder for each stream; some cannot be opened before the first packets were read. */
const NEEDS_PACKETS = /Could not open codec for input stream/;

/** A source that is being inspected. */
export interface ProbeTarget extends SourceInput {
  sizeBytes: number;
  /** Null until the first probe has found it. */
  demuxer: string | null;
  /** The video streams as far as they are known. */
  declared: readonly DeclaredVideo[];
  signal: AbortSignal;
  logger: Logger;
  confinement: Confinement;
}

/**
 * What the header declares; nothing is decoded. Null where ffprobe needs packets to find anything out. Throws a
 * permanent error where the file is no video, or declares more than is accepted.
 */
export async function probeHeader(target: ProbeTarget): Promise<Probe | null> {
  const what = ['-nofind_stream_info', '-show_entries', PROBE_ENTRIES];
  const { json, stderr, exitCode } = await runJson(target, what, bareMemory(target.sizeBytes));
  if (exitCode !== 0) {
    const explained = explainEnd(exitCode, stderr);
    if (explained.code !== 'limits_exceeded' && NEEDS_PACKETS.test(stderr)) return null;
    throw explained;
  }
  const parsed = probeSchema.safeParse(json);
  if (!parsed.success) throw explainUnopened(stderr);
  assertWithinLimits(parsed.data);
  return parsed.data;
}

/** Container and streams. Throws a permanent error where the file is no video or is not accepted. */
export async function probeStreams(target: ProbeTarget): Promise<Probe> {
  const { json, stderr } = await probeJson(target, ['-show_entries', PROBE_ENTRIES]);
  const parsed = probeSchema.safeParse(json);
  if (!parsed.success) throw explainUnopened(stderr);
  return parsed.data;
}

/** The first few pictures, decoded; `[]` where none of them can be. */
export async function decodeFirstFrames(
  target: ProbeTarget,
  streamIndex: number,
  packets: number,
): Promise<DecodedFrames> {
  const { json } = await probeJson(target, [
    ...['-select_streams', String(streamIndex), '-read_intervals', `%+#${packets}`],
    ...['-show_entries', FRAME_ENTRIES],
  ]);
  return parseOr(framesSchema, json, { frames: [] }).frames;
}

/**
 * Timing of the packets of one stream, in an interval of ffprobe's `-read_intervals` or, without one, in the whole
 * file. Nothing is decoded. A demuxer that fails half way counts with what it had.
 */
export async function samplePackets(
  target: ProbeTarget,
  streamIndex: number,
  interval: string | null,
): Promise<PacketStats> {
  const collector = new PacketCollector();
  const clock = isElementary(target.demuxer) ? new PacketClock() : null;
  let hidden = 0;
  await runProgram(
    'ffprobe',
    [
      ...probeArgs(target),
      ...['-select_streams', String(streamIndex), '-show_entries', PACKET_FIELDS, '-of', 'csv=p=0'],
      ...(interval === null ? [] : ['-read_intervals', interval]),
      ...['-i', target.url],
    ],
    {
      signal: target.signal,
      logger: target.logger,
      confinement: target.confinement,
      stallMs: TIME_LIMITS.stallMs,
      timeLimitMs: interval === null ? TIME_LIMITS.scanMs : TIME_LIMITS.probeMs,
      memoryBytes: probeMemory(target.sizeBytes, target.declared),
      onLine(line) {
        const packet = parsePacketLine(line);
        if (packet) collector.add(clock?.stamp(packet) ?? packet);
        else if (isHiddenPacket(line)) hidden++;
        return true;
      },
    },
  );
  const stats = collector.finish();
  assertFewHidden(hidden, stats.count);
  return stats;
}

/** What is hidden is decoded all the same, again for every cut. Throws `limits_exceeded`. */
function assertFewHidden(hidden: number, shown: number): void {
  const { hiddenPackets, hiddenPacketsPerShown } = MEDIA_LIMITS;
  if (hidden > Math.max(hiddenPackets, shown * hiddenPacketsPerShown)) {
    throw new MediaFault('limits_exceeded', 'The video is put together from too many pieces.');
  }
}

async function probeJson(
  target: ProbeTarget,
  what: readonly string[],
): Promise<{ json: unknown; stderr: string }> {
  const end = await runJson(target, what, probeMemory(target.sizeBytes, target.declared));
  if (end.exitCode !== 0) throw explainEnd(end.exitCode, end.stderr);
  return end;
}

async function runJson(
  target: ProbeTarget,
  what: readonly string[],
  memoryBytes: number,
): Promise<{ json: unknown; stderr: string; exitCode: number }> {
  const lines: string[] = [];
  const { exitCode, stderr } = await runProgram(
    'ffprobe',
    [...probeArgs(target), ...what, '-of', 'json', '-i', target.url],
    {
      signal: target.signal,
      logger: target.logger,
      confinement: target.confinement,
      stallMs: TIME_LIMITS.probeMs,
      timeLimitMs: TIME_LIMITS.probeMs,
      memoryBytes,
      maxOutputBytes: MAX_JSON_BYTES,
      onLine(line) {
        lines.push(line);
        return true;
      },
    },
  );
  return { json: parseJson(lines.join('\n')), stderr, exitCode };
}

/** ffprobe ends with 1 when it cannot read a file; anything else says nothing about the file. */
function explainEnd(exitCode: number, stderr: string): ReelmillError {
  if (exitCode === 1) return explainUnopened(stderr);
  return new ReelmillError('encoder_failed', `ffprobe ended with exit code ${exitCode}.`, {
    diagnostics: stderr,
  });
}

/** Arguments of every ffprobe run of a source, up to but not including what is asked. */
export function probeArgs(target: ProbeTarget): string[] {
  const forced = target.demuxer === null ? [] : ['-f', target.demuxer];
  const guarded = guardArgs(decodedVideos(target.declared));
  return ['-hide_banner', '-v', 'warning', ...guarded, ...forced];
}

/** Any stream up to the largest declared size; up to what is accepted, where one has no size yet. */
function decodedVideos(declared: readonly DeclaredVideo[]): DecodedVideo {
  const known = declared.length > 0 && declared.every(({ width }) => width > 0);
  const maxPixels = known ? Math.max(...declared.map(maxDecodedPixels)) : MEDIA_LIMITS.pixels;
  return { streamIndex: null, maxPixels };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function parseOr<S extends z.ZodType>(schema: S, value: unknown, otherwise: z.infer<S>): z.infer<S> {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : otherwise;
}

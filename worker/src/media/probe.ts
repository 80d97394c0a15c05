import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { z } from 'zod';
import type { Confinement } from '../confine/confinement.ts';
import { TIME_LIMITS } from './limits.ts';
import { explainUnopened } from './mediaErrors.ts';
import { PACKET_FIELDS, PacketCollector, type PacketStats, parsePacketLine } from './packetStats.ts';
import { type DecodedFrames, framesSchema, type Probe, probeSchema } from './probeSchema.ts';
import { runProgram } from './runProgram.ts';
import { guardArgs, type SourceInput } from './source.ts';

const MAX_JSON_CHARACTERS = 4 * 1024 * 1024;

/** A source that is being inspected. */
export interface ProbeTarget extends SourceInput {
  /** Null until the first probe has found it. */
  demuxer: string | null;
  signal: AbortSignal;
  logger: Logger;
  confinement: Confinement;
}

/** Container and streams. Throws a permanent error where the file is no video or is not accepted. */
export async function probeStreams(target: ProbeTarget): Promise<Probe> {
  const { json, stderr } = await probeJson(target, ['-show_format', '-show_streams']);
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
    ...['-show_entries', `frame=${Object.keys(framesSchema.shape.frames.element.shape).join(',')}`],
  ]);
  return parseOr(framesSchema, json, { frames: [] }).frames;
}

/**
 * Timing of the packets of one stream, in an interval of ffprobe's `-read_intervals` or, without one, in the whole
 * file. Nothing is decoded. A read that fails half way counts with what it had.
 */
export async function samplePackets(
  target: ProbeTarget,
  streamIndex: number,
  interval: string | null,
): Promise<PacketStats> {
  const collector = new PacketCollector();
  const { stderr } = await runProgram(
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
      onLine(line) {
        const packet = parsePacketLine(line);
        if (packet) collector.add(packet);
        return true;
      },
    },
  );
  const explained = explainUnopened(stderr);
  if (explained.code === 'source_unreachable') throw explained;
  return collector.finish();
}

async function probeJson(
  target: ProbeTarget,
  what: readonly string[],
): Promise<{ json: unknown; stderr: string }> {
  const lines: string[] = [];
  let characters = 0;
  const { exitCode, stderr } = await runProgram(
    'ffprobe',
    [...probeArgs(target), ...what, '-of', 'json', '-i', target.url],
    {
      signal: target.signal,
      logger: target.logger,
      confinement: target.confinement,
      stallMs: TIME_LIMITS.probeMs,
      timeLimitMs: TIME_LIMITS.probeMs,
      onLine(line) {
        characters += line.length;
        if (characters <= MAX_JSON_CHARACTERS) lines.push(line);
        return true;
      },
    },
  );
  if (exitCode !== 0) throw explainUnopened(stderr);
  if (characters > MAX_JSON_CHARACTERS) {
    throw new ReelmillError('limits_exceeded', 'The file describes itself at too great a length.');
  }
  return { json: parseJson(lines.join('\n')), stderr };
}

function probeArgs(target: ProbeTarget): string[] {
  const forced = target.demuxer === null ? [] : ['-f', target.demuxer];
  return ['-hide_banner', '-v', 'warning', ...guardArgs(), ...forced];
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

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Confinement } from '../confine/confinement.ts';
import type { DecodedVideo } from '../limits/inputBounds.ts';
import { MEDIA_LIMITS } from '../limits/mediaLimits.ts';
import { bareMemory, type DeclaredVideo, maxDecodedPixels, probeMemory } from '../limits/memoryNeeds.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { unopenedError } from '../programs/programErrors.ts';
import { runProgram, startProgram } from '../programs/runProgram.ts';
import { guardArgs, type SourceInput, WITHOUT_EDIT_LIST } from '../source/inputGuard.ts';
import type { CutPicture } from '../timing/mp4Index.ts';
import { assertWithinLimits, declaredVideos } from './declaredLimits.ts';
import {
  type DecodedFrames,
  FRAME_ENTRIES,
  PROBE_ENTRIES,
  type Probe,
  parseFrameLine,
  probeSchema,
} from './probeSchema.ts';

const MAX_JSON_BYTES = 4 * 1024 * 1024;
/** ffprobe opens a decoder for each stream; some cannot be opened before the first packets were read. */
const NEEDS_PACKETS = /Could not open codec for input stream/;

/** How much is read to find out what streams are: bytes, and microseconds of each. */
const LONG_LOOK = ['-probesize', '64M', '-analyzeduration', '4000M'];

/** A source that is being inspected. */
export interface ProbeTarget extends SourceInput {
  sizeBytes: number;
  /** Null until the first probe has found it. */
  demuxer: string | null;
  /** The video streams as far as they are known. */
  declared: readonly DeclaredVideo[];
  /** Of its video: ffmpeg is kept from hiding it. */
  cutPicture?: CutPicture | null;
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
    const error = probeError(exitCode, stderr);
    if (error.code !== 'limits_exceeded' && NEEDS_PACKETS.test(stderr)) return null;
    throw error;
  }
  const parsed = probeSchema.safeParse(json);
  if (!parsed.success) throw unopenedError(stderr);
  assertWithinLimits(parsed.data);
  return parsed.data;
}

/**
 * Container and streams. Where the first seconds do not show the size of a video, as of one picture under a long sound,
 * more is read. Throws a permanent error where the file is no video or is not accepted.
 */
export async function probeStreams(target: ProbeTarget): Promise<Probe> {
  const probe = await probeWith(target, []);
  const isUnknown = declaredVideos(probe).some(({ codec, width }) => codec !== undefined && width === 0);
  return isUnknown ? probeWith(target, LONG_LOOK) : probe;
}

async function probeWith(target: ProbeTarget, look: readonly string[]): Promise<Probe> {
  const { json, stderr } = await probeJson(target, [...look, '-show_entries', PROBE_ENTRIES]);
  const parsed = probeSchema.safeParse(json);
  if (!parsed.success) throw unopenedError(stderr);
  return parsed.data;
}

/** Which part of a file is read: ffprobe's `-read_intervals`, or everything. */
export type Stretch = string | 'everything';

export interface FramesWanted {
  count: number;
  keyframesOnly?: boolean;
}

/** The first pictures of a stretch that can be decoded, `count` at most; `[]` where there are none. Reads no further. */
export async function decodeFrames(
  target: ProbeTarget,
  streamIndex: number,
  stretch: Stretch,
  { count, keyframesOnly = false }: FramesWanted,
): Promise<DecodedFrames> {
  const frames: DecodedFrames = [];
  const enough = new ReelmillError('aborted', 'Enough was decoded.');
  const limitMs = stretch === 'everything' ? TIME_LIMITS.scanMs : TIME_LIMITS.probeMs;
  const program = startProgram(
    'ffprobe',
    [
      ...probeArgs(target),
      ...(keyframesOnly ? ['-skip_frame', 'nokey'] : []),
      ...['-select_streams', String(streamIndex), '-show_entries', FRAME_ENTRIES, '-of', 'compact=p=0'],
      ...stretchArgs(stretch),
      ...['-i', target.url],
    ],
    {
      ...runOptions(target),
      stallMs: limitMs,
      timeLimitMs: limitMs,
      onLine(line) {
        const frame = parseFrameLine(line);
        if (frame) frames.push(frame);
        if (frames.length >= count) program.fail(enough);
        return true;
      },
    },
  );
  try {
    const { exitCode, stderr } = await program.ended;
    if (exitCode !== 0) throw probeError(exitCode, stderr);
  } catch (error) {
    if (error !== enough) throw error;
  }
  return frames.slice(0, count);
}

export function stretchArgs(stretch: Stretch): string[] {
  return stretch === 'everything' ? [] : ['-read_intervals', stretch];
}

/** What every run of a source that decodes has in common. */
export function runOptions({ sizeBytes, declared, signal, logger, confinement }: ProbeTarget) {
  return { signal, logger, confinement, memoryBytes: probeMemory(sizeBytes, declared) };
}

async function probeJson(
  target: ProbeTarget,
  what: readonly string[],
): Promise<{ json: unknown; stderr: string }> {
  const end = await runJson(target, what, probeMemory(target.sizeBytes, target.declared));
  if (end.exitCode !== 0) throw probeError(end.exitCode, end.stderr);
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
function probeError(exitCode: number, stderr: string): ReelmillError {
  if (exitCode === 1) return unopenedError(stderr);
  return new ReelmillError('encoder_failed', `ffprobe ended with exit code ${exitCode}.`, {
    diagnostics: stderr,
  });
}

/** Arguments of every ffprobe run of a source, up to but not including what is asked. */
export function probeArgs(target: ProbeTarget): string[] {
  const forced = target.demuxer === null ? [] : ['-f', target.demuxer];
  const guarded = guardArgs(decodedVideos(target.declared));
  const edited = target.cutPicture ? WITHOUT_EDIT_LIST : [];
  return ['-hide_banner', '-v', 'warning', ...guarded, ...forced, ...edited];
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

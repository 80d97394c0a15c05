import type { TaskContext } from '../context/taskContext.ts';
import { bareMemory, pictureMemory } from '../limits/memoryNeeds.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { runProgram } from '../programs/runProgram.ts';
import { damaged } from './damage.ts';

/** What a decoder must make of a file that is whole. `bytes`: of each frame, where they are known. */
export interface ExpectedFrames {
  frames: number;
  bytes?: number;
}

/** A file of ours as ffmpeg reads it: paths relative to the folder, one behind the other, and their demuxer. */
export interface WrittenFile {
  parts: readonly string[];
  demuxer: 'mov' | 'image2';
  /** Of its pictures; null where it is sound. */
  size: { width: number; height: number } | null;
}

/** Bytes of a decoded picture in 4:2:0. */
export function pictureBytes({ width, height }: { width: number; height: number }): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

type DecodeContext = Pick<TaskContext, 'signal' | 'logger' | 'confinement' | 'onVerified'>;

/**
 * Decodes a file that this worker wrote to its end. Throws `output_damaged` where the decoder complains of anything, or
 * where the frames are not the expected ones. One thread: the encoder beside it needs the others.
 */
export async function decodeWritten(
  folder: string,
  written: WrittenFile,
  expected: ExpectedFrames,
  context: DecodeContext,
): Promise<void> {
  let frames = 0;
  const wrong = new Set<string>();
  const end = await runProgram('ffmpeg', decodeArgs(written), {
    cwd: folder,
    signal: context.signal,
    logger: context.logger,
    confinement: context.confinement,
    stallMs: TIME_LIMITS.stallMs,
    timeLimitMs: TIME_LIMITS.taskFloorMs,
    memoryBytes: memoryFor(written),
    onLine(line) {
      if (line.startsWith('#')) return true;
      frames += 1;
      const bytes = line.split(',')[4]?.trim() ?? '';
      if (expected.bytes !== undefined && bytes !== String(expected.bytes)) wrong.add(bytes);
      return true;
    },
  });
  context.onVerified('decoded');
  if (end.exitCode === 0 && end.stderr === '' && frames === expected.frames && wrong.size === 0) return;
  const found = `exit code ${end.exitCode}, ${frames} frames of ${expected.frames}, sizes ${[...wrong].join()}`;
  throw damaged(`decoding ${written.parts.join('|')}: ${found}\n${end.stderr}`);
}

function decodeArgs({ parts, demuxer }: WrittenFile): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-nostats'],
    // the decoder of JPEG warns that whole files have no end
    ...['-loglevel', demuxer === 'image2' ? 'error' : 'warning'],
    ...['-xerror', '-threads', '1', '-protocol_whitelist', 'concat,file', '-f', demuxer],
    ...['-i', parts.length === 1 ? parts.join() : `concat:${parts.join('|')}`],
    ...['-map', '0:0', '-fps_mode', 'passthrough', '-f', 'framecrc', 'pipe:1'],
  ];
}

function memoryFor({ size }: WrittenFile): number {
  if (size === null) return bareMemory(0);
  const { width: codedWidth, height: codedHeight } = size;
  const video = { codec: 'h264', codedWidth, codedHeight, pixelFormat: 'yuvj420p', hdr: 'none' } as const;
  return pictureMemory({ sizeBytes: 0, video, threads: 1 }, { ...size, count: 1 });
}

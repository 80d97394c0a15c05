import { MAX_FFMPEG_VERSION_LENGTH } from '@reelmill/shared/contracts/tasks.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Confinement } from '../confine/confinement.ts';
import { runProgram } from '../programs/runProgram.ts';
import { cropsByContainer } from '../source/containerCropping.ts';

const NEEDED_ENCODERS = ['libx264', 'aac'];
const TIME_LIMIT_MS = 30_000;
const MEMORY_BYTES = 512 * 1024 * 1024;

export interface SelfTestSubject {
  store: ObjectStore;
  confinement: Confinement;
  signal: AbortSignal;
  logger: Logger;
  /** Takes the version that ffmpeg says it has. */
  onFfmpegVersion(version: string): void;
}

/**
 * Tries everything that a task needs beside a scratch folder, the cheapest first. Returns why the worker cannot work, or
 * null.
 */
export async function findHealthProblem(subject: SelfTestSubject): Promise<string | null> {
  const checks = [
    () => checkConfinement(subject.confinement),
    () => subject.store.check(),
    () => checkEncoders(subject),
    () => checkEncode(subject),
    // asked once, so that no task has to
    () => cropsByContainer(subject),
  ];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return null;
}

async function checkConfinement({ mode, report }: Confinement): Promise<void> {
  if (mode !== 'required' || report.missing.length === 0) return;
  const reasons = report.missing.map(({ what, why }) => `${what} (${why})`);
  throw new Error(`CONFINE_MEDIA=required, but programs are not confined in: ${reasons.join('; ')}`);
}

async function checkEncoders(subject: SelfTestSubject): Promise<void> {
  const lines: string[] = [];
  const { exitCode, stderr } = await run(['-encoders'], subject, {
    onLine: (line) => lines.push(line),
    onErrorLine: (line) => {
      const version = parseFfmpegVersion(line);
      if (version !== null) subject.onFfmpegVersion(version);
    },
  });
  if (exitCode !== 0) throw new Error(`ffmpeg does not work: ${stderr.trim()}`);
  const names = new Set(lines.map((line) => line.trim().split(/\s+/)[1]));
  const missing = NEEDED_ENCODERS.filter((name) => !names.has(name));
  if (missing.length > 0) throw new Error(`ffmpeg lacks the encoder ${missing.join(' and ')}`);
}

/** Returns the version where a line begins what ffmpeg says of itself, such as `7.1.5-0+deb13u1`; null elsewhere. */
export function parseFfmpegVersion(line: string): string | null {
  const version = /^ffmpeg version (\S+)/.exec(line)?.[1];
  return version?.slice(0, MAX_FFMPEG_VERSION_LENGTH) ?? null;
}

async function checkEncode(subject: SelfTestSubject): Promise<void> {
  const args = [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10:duration=0.5'],
    ...['-f', 'lavfi', '-i', 'sine=duration=0.5'],
    ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'null', '-'],
  ];
  const { exitCode, stderr } = await run(args, subject);
  if (exitCode !== 0) throw new Error(`a trial encode failed: ${stderr.trim()}`);
}

function run(
  args: string[],
  { signal, logger, confinement }: SelfTestSubject,
  take: { onLine?(line: string): void; onErrorLine?(line: string): void } = {},
) {
  return runProgram('ffmpeg', args, {
    signal,
    logger,
    confinement,
    stallMs: TIME_LIMIT_MS,
    timeLimitMs: TIME_LIMIT_MS,
    memoryBytes: MEMORY_BYTES,
    onLine: (line) => {
      take.onLine?.(line);
      return true;
    },
    ...(take.onErrorLine && { onErrorLine: take.onErrorLine }),
  });
}

import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Confinement } from '../confine/confinement.ts';
import { runProgram } from '../media/runProgram.ts';

const NEEDED_ENCODERS = ['libx264', 'aac'];
const TIME_LIMIT_MS = 30_000;
const MEMORY_BYTES = 512 * 1024 * 1024;

export interface SelfTestSubject {
  store: ObjectStore;
  confinement: Confinement;
  signal: AbortSignal;
  logger: Logger;
}

/**
 * Tries everything that a task needs beside a scratch folder, the cheapest first. Returns why the worker cannot work, or
 * null.
 */
export async function findSickness(subject: SelfTestSubject): Promise<string | null> {
  const checks = [
    () => checkConfinement(subject.confinement),
    () => subject.store.check(),
    () => checkEncoders(subject),
    () => checkEncode(subject),
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
  const { exitCode, stderr } = await run(['-hide_banner', '-encoders'], subject, (line) => lines.push(line));
  if (exitCode !== 0) throw new Error(`ffmpeg does not work: ${stderr.trim()}`);
  const names = new Set(lines.map((line) => line.trim().split(/\s+/)[1]));
  const missing = NEEDED_ENCODERS.filter((name) => !names.has(name));
  if (missing.length > 0) throw new Error(`ffmpeg lacks the encoder ${missing.join(' and ')}`);
}

async function checkEncode(subject: SelfTestSubject): Promise<void> {
  const args = [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10:duration=0.5'],
    ...['-f', 'lavfi', '-i', 'sine=duration=0.5'],
    ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'null', '-'],
  ];
  const { exitCode, stderr } = await run(args, subject, () => undefined);
  if (exitCode !== 0) throw new Error(`a trial encode failed: ${stderr.trim()}`);
}

function run(args: string[], { signal, logger, confinement }: SelfTestSubject, take: (line: string) => void) {
  return runProgram('ffmpeg', args, {
    signal,
    logger,
    confinement,
    stallMs: TIME_LIMIT_MS,
    timeLimitMs: TIME_LIMIT_MS,
    memoryBytes: MEMORY_BYTES,
    onLine: (line) => {
      take(line);
      return true;
    },
  });
}

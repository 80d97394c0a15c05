import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import type { RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import type { ProgramEnd } from '../programs/programEnd.ts';
import { ProgressReader, type ProgressReport } from '../programs/progress.ts';
import { startProgram } from '../programs/runProgram.ts';
import { diskFaultOf } from '../scratch/diskFaults.ts';
import { withDamageCounted } from '../verify/damage.ts';
import { type CollectorOptions, SegmentCollector } from './segmentCollector.ts';
import { SegmentUploader } from './segmentUploader.ts';

export interface SegmentRun extends Omit<CollectorOptions, 'uploads'> {
  /** ffmpeg's arguments; it writes the segments of `outputs` into `folder`. */
  args: readonly string[];
  timeLimitMs: number;
  memoryBytes: number;
  /** More output than this, in all, ends the run with `limits_exceeded`. */
  maxBytes: number;
  /** `done` of the progress event. */
  unitsOf(report: ProgressReport): number;
  /** Milliseconds without progress after which ffmpeg is stalled, where it may be longer than usual. */
  stallMs?: number;
  /** Takes every line of ffmpeg's standard output; an error ends the run with it. */
  checkLine?(line: string): ReelmillError | null;
  /** Takes every line of ffmpeg's standard error. */
  onErrorLine?(line: string): void;
  /** As in `ProgramOptions`. */
  omittedErrors?: RegExp;
  /** Takes ffmpeg's standard input, which is to be ended. */
  onInput?(input: Writable): void;
  /** As in `ProgramOptions`. */
  hasAdvanced?(): boolean;
}

export interface SegmentRunEnd extends ProgramEnd {
  outputs: RenditionOutput[];
}

/**
 * Runs ffmpeg and stores every segment as soon as it is whole and verified, while the next ones are being made. Resolves
 * when ffmpeg has ended, with whatever exit code, and everything it finished is in the store. Throws `output_damaged` or
 * `disk_full` where a write failed, also one that ffmpeg did not notice: it ends with 0 then, and says nothing.
 */
export function runToSegments(run: SegmentRun): Promise<SegmentRunEnd> {
  return withDamageCounted(run.context, () => makeSegments(run));
}

async function makeSegments(run: SegmentRun): Promise<SegmentRunEnd> {
  const { context } = run;
  await Promise.all(run.outputs.map(({ name }) => mkdir(path.join(run.folder, name), { recursive: true })));
  const uploads = new SegmentUploader(context.store, context.signal, run.maxBytes);
  const collector = new SegmentCollector({ ...run, uploads });
  try {
    const end = await followProgram(run, collector, uploads);
    if (end.exitCode === 0) await collector.finish();
    else await collector.collect();
    await uploads.drain();
    return { ...end, outputs: collector.results() };
  } finally {
    await uploads.abandon();
  }
}

async function followProgram(
  run: SegmentRun,
  collector: SegmentCollector,
  uploads: SegmentUploader,
): Promise<ProgramEnd> {
  const reader = new ProgressReader();
  let collected: Promise<void> = Promise.resolve();
  let furthest = '';
  const program = startProgram('ffmpeg', run.args, {
    cwd: run.folder,
    signal: run.context.signal,
    logger: run.context.logger,
    confinement: run.context.confinement,
    stallMs: run.stallMs ?? TIME_LIMITS.stallMs,
    timeLimitMs: run.timeLimitMs,
    memoryBytes: run.memoryBytes,
    ...(run.onErrorLine && { onErrorLine: run.onErrorLine }),
    ...(run.omittedErrors && { omittedErrors: run.omittedErrors }),
    ...(run.onInput && { onInput: run.onInput }),
    ...(run.hasAdvanced && { hasAdvanced: run.hasAdvanced }),
    onLine(line) {
      const fault = run.checkLine?.(line) ?? null;
      if (fault !== null) program.fail(fault);
      const report = reader.push(line);
      if (!report) return false;
      collected = collector.collect().then(
        () => uploads.failure && program.fail(uploads.failure),
        (error: unknown) => program.fail(asFailure(error)),
      );
      run.context.onProgress({
        done: run.unitsOf(report),
        segmentsDone: collector.segmentsDone,
        speed: report.speed,
      });
      const position = `${report.frame} ${report.outTimeSeconds}`;
      const advanced = position !== furthest;
      furthest = position;
      return advanced;
    },
  });
  try {
    return await program.ended;
  } finally {
    await collected;
  }
}

function asFailure(error: unknown): ReelmillError {
  if (error instanceof ReelmillError) return error;
  const diskFault = diskFaultOf(error);
  if (diskFault !== null) return diskFault;
  return new ReelmillError('encoder_failed', 'A finished segment could not be read.', { cause: error });
}

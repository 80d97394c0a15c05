import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { programEnvironment } from '@reelmill/shared/runtime/config.ts';
import { FarmFault, MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { readLines } from '@reelmill/shared/runtime/programOutput.ts';
import { tracing } from '@reelmill/shared/runtime/tracing.ts';
import type { Confinement, MediaProgram } from '../confine/confinement.ts';
import { LAUNCH_FAILED } from '../confine/launcher.ts';
import { withDiagnostics } from '../context/taskErrors.ts';
import { countOomKills, watchMemory } from './memoryWatch.ts';
import { diedError, hasDied, type ProgramEnd, wasStopped } from './programEnd.ts';
import { readStderr } from './stderrTail.ts';

/** How long a program may take to end by itself after SIGTERM. */
const GRACE_MS = 2_000;
const MAX_LINE_BYTES = 64 * 1024;
/** More than the progress of the longest run, and than the packets of the longest film. */
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;

export interface ProgramOptions {
  /** Where relative names in the arguments are. */
  cwd?: string;
  /** What the program may reach. */
  confinement: Confinement;
  signal: AbortSignal;
  /** Logs every run, with what it was for. */
  logger: Logger;
  /** Kills the program when `onLine` has seen no advance for so long. */
  stallMs: number;
  timeLimitMs: number;
  /** Upper bound of the program's memory; beyond it, its allocations fail (see `memoryNeeds.ts`). */
  memoryBytes: number;
  /** Upper bound of standard output, by default that of the longest film. */
  maxOutputBytes?: number;
  /** Takes every line of standard output; returns whether the program advanced. */
  onLine?(line: string): boolean;
  /** Takes standard output as it is, in the place of `onLine`; to be read to its end. `advanced` says that the program advanced. */
  onOutput?(output: Readable, advanced: () => void): void;
  /** Takes standard input, which is to be ended; without it the program has none. */
  onInput?(input: Writable): void;
  /** Asked once the program has not advanced for `stallMs`: whether it did in another way. */
  hasAdvanced?(): boolean;
  /** Takes every line of standard error. */
  onErrorLine?(line: string): void;
  /** Left out of what is kept of standard error; whole lines, with the flag `g`. */
  omittedErrors?: RegExp;
}

/** Lets a caller end a run for a reason of its own; the run then rejects with that error. */
export interface RunningProgram {
  readonly ended: Promise<ProgramEnd>;
  fail(error: ReelmillError): void;
}

/** Runs a program to its end; see `startProgram`. */
export function runProgram(
  program: MediaProgram,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  return startProgram(program, args, options).ended;
}

/**
 * Starts a program in a process group of its own, without a shell and, without `onInput`, without input. `ended` resolves when the
 * program has exited and its output was read, whatever its exit code. It rejects with `program_died` when the system
 * ended the program (`hasDied`) or it held more memory than it may, and with `aborted`, `stalled`, `time_limit`, `limits_exceeded` (it prints without
 * end) or the error given to `fail` after the whole group was ended (TERM, a short grace, KILL).
 */
export function startProgram(
  program: MediaProgram,
  args: readonly string[],
  options: ProgramOptions,
): RunningProgram {
  let failure: ReelmillError | undefined;
  let child: ChildProcess | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const fail = (error: ReelmillError): void => {
    if (failure) return;
    failure = error;
    if (!child) return;
    const group = child;
    signalGroup(group, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(group, 'SIGKILL'), GRACE_MS);
  };
  const run = async (): Promise<ProgramEnd> => {
    if (options.signal.aborted) throw abortedError();
    const { file, args: confined } = await options.confinement.command(program, args, options);
    const oomKillsBefore = await countOomKills();
    // it may have been ended while its files were looked up
    if (failure) throw failure;
    if (options.signal.aborted) throw abortedError();
    child = spawn(file, confined, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      detached: true,
      stdio: [options.onInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: programEnvironment(),
    });
    const onAbort = (): void => fail(abortedError());
    options.signal.addEventListener('abort', onAbort, { once: true });
    const stopWatching = watchOutput(options, fail, child);
    try {
      const closed = await untilClosed(child, program, { ...options, fail });
      const end = closed.signal === 'SIGKILL' ? await withOomKill(closed, oomKillsBefore) : closed;
      if (failure) throw withStderr(failure, end.stderr);
      if (end.exitCode === LAUNCH_FAILED) throw notStartedError(program, end.stderr);
      if (hasDied(end)) throw diedError(program, end);
      if (wasStopped(end)) throw new FarmFault('unavailable', `${program} was stopped from outside.`);
      return end;
    } finally {
      stopWatching();
      clearTimeout(killTimer);
      options.signal.removeEventListener('abort', onAbort);
    }
  };
  return { ended: observe(program, args, options.logger, run), fail };
}

/** One span and one log line for each run; URLs lose their signatures as in every log line. */
function observe(
  program: string,
  args: readonly string[],
  logger: Logger,
  run: () => Promise<ProgramEnd>,
): Promise<ProgramEnd> {
  const begun = performance.now();
  const log = (end: Record<string, string | number>): void =>
    logger.info(
      { program, args, ...end, duration_ms: Math.round(performance.now() - begun) },
      'program ended',
    );
  return tracing.span(program, {}, async (note) => {
    try {
      const end = await run();
      note({ 'process.exit.code': end.exitCode });
      log({ exit_code: end.exitCode });
      return end;
    } catch (error) {
      log({ code: error instanceof ReelmillError ? error.code : 'internal' });
      throw error;
    }
  });
}

function watchOutput(
  options: ProgramOptions,
  fail: (error: ReelmillError) => void,
  child: ChildProcess,
): () => void {
  const stalled = setTimeout(() => {
    if (options.hasAdvanced?.()) stalled.refresh();
    else fail(new ReelmillError('stalled', `No progress for ${options.stallMs / 1000} seconds.`));
  }, options.stallMs);
  const limit = setTimeout(
    () => fail(new ReelmillError('time_limit', `Not finished within ${options.timeLimitMs / 1000} seconds.`)),
    options.timeLimitMs,
  );
  if (child.stdin) options.onInput?.(child.stdin);
  if (child.stdout && options.onOutput) options.onOutput(child.stdout, () => stalled.refresh());
  else if (child.stdout) {
    const limits = { maxLineBytes: MAX_LINE_BYTES, maxBytes: options.maxOutputBytes ?? MAX_OUTPUT_BYTES };
    readLines(child.stdout, limits, {
      onLine: (line) => {
        if (options.onLine?.(line)) stalled.refresh();
      },
      onFlood: () => fail(floodError()),
    });
  }
  const stopMemory =
    child.pid === undefined
      ? () => undefined
      : watchMemory(child.pid, options.memoryBytes, () => fail(memoryError()));
  return () => {
    stopMemory();
    clearTimeout(stalled);
    clearTimeout(limit);
  };
}

function untilClosed(
  child: ChildProcess,
  program: string,
  {
    fail,
    onErrorLine,
    omittedErrors,
  }: Pick<ProgramOptions, 'onErrorLine' | 'omittedErrors'> & Pick<RunningProgram, 'fail'>,
): Promise<ProgramEnd> {
  const stderr = child.stderr
    ? readStderr(child.stderr, () => fail(floodError()), { onLine: onErrorLine, omitted: omittedErrors })
    : () => '';
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(notStartedError(program, undefined, cause)));
    child.once('close', (code, signal) => resolve({ exitCode: code ?? -1, signal, stderr: stderr() }));
  });
}

/** SIGKILL comes from the kernel, which counts it, or from a person or a service manager. */
async function withOomKill(end: ProgramEnd, oomKillsBefore: number | null): Promise<ProgramEnd> {
  const oomKills = await countOomKills();
  return { ...end, ranOutOfMemory: oomKills === null || oomKills !== oomKillsBefore };
}

/** Negative: the whole group. A group that is gone already is fine. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function floodError(): MediaFault {
  return new MediaFault('limits_exceeded', 'The file describes itself at too great a length.');
}

function memoryError(): ReelmillError {
  return new ReelmillError('program_died', 'The file made the decoder take more memory than it may.');
}

function notStartedError(program: string, diagnostics?: string, cause?: unknown): FarmFault {
  return new FarmFault('unavailable', `${program} cannot be started.`, {
    ...(diagnostics === undefined ? {} : { diagnostics }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function abortedError(): ReelmillError {
  return new ReelmillError('aborted', 'The task was stopped.');
}

function withStderr(error: ReelmillError, stderr: string): ReelmillError {
  if (error.code === 'aborted' || stderr === '' || error.diagnostics !== undefined) return error;
  return withDiagnostics(error, stderr);
}

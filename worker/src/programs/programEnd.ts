import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

export interface ProgramEnd {
  /** -1 where a signal ended the program. */
  exitCode: number;
  /** The signal that ended the program, null where it exited. */
  signal: NodeJS.Signals | null;
  /** The last lines of standard error. */
  stderr: string;
  /** Whether the kernel may have ended it because memory ran out; known of programs that SIGKILL ended. */
  ranOutOfMemory?: boolean;
}

const OUT_OF_MEMORY = /Cannot allocate memory|malloc of size \d+ failed|std::bad_alloc|Out of memory/i;
/** The demuxer returns "out of memory" here as well. */
const TOO_MANY_STREAMS = /Number of streams exceeds max_streams/;
/** What people and service managers send to stop a program; the file has no part in it. */
const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** 128 and the signal, as a launcher reports it: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGSYS. */
const KILLED_EXIT_CODES = [132, 134, 135, 136, 137, 139, 159];

/**
 * Whether a program was ended by the system and not by itself or by a person: by a signal (a crash, or the kernel when
 * memory ran out), or because it was refused memory under its limit. Its input is what it was reading, so the same input
 * may end it again, wherever it runs.
 */
export function hasDied(end: ProgramEnd): boolean {
  if (end.signal !== null) return !wasStopped(end);
  if (KILLED_EXIT_CODES.includes(end.exitCode)) return true;
  return end.exitCode !== 0 && OUT_OF_MEMORY.test(end.stderr) && !TOO_MANY_STREAMS.test(end.stderr);
}

/** Whether a person or a service manager stopped the program. */
export function wasStopped({ signal, ranOutOfMemory }: ProgramEnd): boolean {
  if (signal === 'SIGKILL') return ranOutOfMemory === false;
  return signal !== null && STOP_SIGNALS.includes(signal);
}

/** `program_died`: worth one more attempt. */
export function diedError(program: string, end: ProgramEnd): ReelmillError {
  const how = end.signal ?? `exit code ${end.exitCode}`;
  return new ReelmillError(
    'program_died',
    'The file made the decoder fail; it is damaged, or made to do so.',
    {
      diagnostics: `${program} ended with ${how}\n${end.stderr}`,
    },
  );
}

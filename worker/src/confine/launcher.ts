import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ProgramFiles } from './programFiles.ts';

/** perl-base, which is essential on every Debian. */
export const PERL = '/usr/bin/perl';
const LAUNCHER = path.join(import.meta.dirname, 'confine.pl');
/** What the launcher exits with when a step failed, before the program has run. */
export const LAUNCH_FAILED = 126;

/** The steps that the launcher takes before it becomes the program. */
export interface Steps {
  /** Version of Landlock, 0 without; it confines the network as of `LANDLOCK_NETWORK`. */
  landlock: number;
  /** A network namespace, made as root or as an ordinary user. */
  namespace: 'root' | 'user' | null;
  /** Number of the user and group that the program runs as; null: the worker's. */
  uid: number | null;
  privileges: boolean;
  seccomp: boolean;
}

export const NO_STEPS: Steps = {
  landlock: 0,
  namespace: null,
  uid: null,
  privileges: false,
  seccomp: false,
};
export const LANDLOCK_NETWORK = 4;

/** Where a task's source is read: a TCP port of loopback, and the same on a unix socket. */
export interface SourceAddress {
  port: number;
  /** Null where no program has a network of its own. */
  socketPath: string | null;
}

export interface Launch {
  files: ProgramFiles;
  args: readonly string[];
  /** The only folder that may be written; absolute. */
  workFolder: string | null;
  source: SourceAddress | null;
  /** Of heap, stacks and private mappings together; null: no limit. */
  memoryBytes: number | null;
}

export interface Command {
  file: string;
  args: string[];
}

/** No segment, picture or list is larger: a segment of the highest quality takes a tenth. */
const MAX_FILE_BYTES = 256 * 1024 ** 2;
const MAX_OPEN_FILES = 256;
/** More than ffmpeg makes with a hundred cores. Programs of other workers may be of the same user, and count. */
const MAX_THREADS = 4096;
const PROBE_TIMEOUT_MS = 20_000;

/** The command that takes these steps and then runs the program. */
export function launcherCommand(steps: Steps, launch: Launch): Command {
  const { files, source, workFolder, memoryBytes } = launch;
  const options = [
    ...[`arch=${process.arch}`, `parent=${process.pid}`, `file=${MAX_FILE_BYTES}`],
    ...[`files=${MAX_OPEN_FILES}`, `threads=${MAX_THREADS}`],
    ...(memoryBytes === null ? [] : [`memory=${memoryBytes}`]),
    ...(steps.privileges ? ['privileges=none'] : []),
    ...(steps.uid === null ? [] : [`uid=${steps.uid}`]),
    ...(steps.namespace === null ? [] : [`namespace=${steps.namespace}`]),
    ...(steps.landlock === 0 ? [] : landlockOptions(steps.landlock, files)),
    // also passed to the launcher where Landlock is not there: the folder is given to the other user
    ...(workFolder === null ? [] : [`work=${workFolder}`]),
    ...(source === null ? [] : [`port=${source.port}`]),
    ...(source?.socketPath ? [`relay=${source.socketPath}`] : []),
    ...(steps.seccomp ? ['seccomp=on'] : []),
  ];
  return { file: PERL, args: [LAUNCHER, ...options, '--', files.program, ...launch.args] };
}

function landlockOptions(version: number, files: ProgramFiles): string[] {
  return [
    `landlock=${version}`,
    ...files.executables.map((file) => `exec=${file}`),
    ...files.libraries.map((folder) => `read=${folder}`),
    ...['device=/dev/null', 'read=/dev/urandom'],
  ];
}

/**
 * Returns the command that runs a program with no more than `memoryBytes` of memory of its own, and without core
 * dumps, where the launcher, which does the same, does not run.
 */
export function limitMemory(command: Command, memoryBytes: number): Command {
  if (process.platform !== 'linux') return command;
  return {
    file: 'prlimit',
    args: [`--data=${Math.ceil(memoryBytes)}`, '--core=0', '--', command.file, ...command.args],
  };
}

/** The steps that this machine allows. Rejects where the launcher does not run at all. */
export async function probeSteps(): Promise<Steps> {
  const { stdout } = await promisify(execFile)(PERL, [LAUNCHER, 'probe', `arch=${process.arch}`], {
    timeout: PROBE_TIMEOUT_MS,
  });
  return parseSteps(stdout);
}

export function parseSteps(text: string): Steps {
  // a limit of two parts, of which the second may be missing
  const found = new Map(text.split('\n').map((line) => line.split('=', 2) as [string, string | undefined]));
  const namespace = found.get('namespace');
  return {
    landlock: Number(found.get('landlock') ?? 0),
    namespace: namespace === 'root' || namespace === 'user' ? namespace : null,
    uid: found.has('uid') ? Number(found.get('uid')) : null,
    privileges: found.get('privileges') === 'none',
    seccomp: found.get('seccomp') === 'on',
  };
}

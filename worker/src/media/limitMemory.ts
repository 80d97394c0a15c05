/** A command as it is started: a file and its arguments. */
export interface Command {
  file: string;
  args: readonly string[];
}

/**
 * Returns the command that runs a program with no more than `memoryBytes` of memory of its own, and without core
 * dumps. The limit is on data (RLIMIT_DATA: heap, stacks, private mappings that can be written): unlike the address
 * space, it is not spent on libraries and on arenas that threads reserve and never use. Only Linux has such a limit.
 */
export function limitMemory(command: Command, memoryBytes: number): Command {
  if (process.platform !== 'linux') return command;
  return {
    file: 'prlimit',
    args: [`--data=${Math.ceil(memoryBytes)}`, '--core=0', '--', command.file, ...command.args],
  };
}

/** Exit codes with which `prlimit` says that it could not start the program. */
export function isNotStarted(exitCode: number, stderr: string): boolean {
  return (exitCode === 126 || exitCode === 127) && /^prlimit: failed to execute/m.test(stderr);
}

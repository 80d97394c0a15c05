import type { Command } from './launcher.ts';

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

import { execFile } from 'node:child_process';
import { access, constants, realpath } from 'node:fs/promises';
import path from 'node:path';
import { programEnvironment } from '@reelmill/shared/runtime/config.ts';
import { FarmFault } from '@reelmill/shared/runtime/errors.ts';

/** What the kernel and the loader open to start a program; real paths. */
export interface ProgramFiles {
  program: string;
  /** Files that are executed: the program and its loader. */
  executables: string[];
  /** Folders of its shared libraries, and the loader's cache. */
  libraries: string[];
}

const LOADER_CACHE = '/etc/ld.so.cache';
const LIST_TIMEOUT_MS = 20_000;

/** Finds a program as `spawn` would. Throws `unavailable` where there is none of this name. */
export async function findProgramFiles(name: string): Promise<ProgramFiles> {
  const program = await findInPath(name);
  if (program === null) throw new FarmFault('unavailable', `${name} cannot be started.`);
  const executables = new Set([program]);
  const libraries = new Set((await isThere(LOADER_CACHE, constants.R_OK)) ? [LOADER_CACHE] : []);
  for (const { file, isLoader } of parseLibraries(await listLibraries(program))) {
    const real = await realpath(file);
    libraries.add(path.dirname(real));
    libraries.add(await realpath(path.dirname(file)));
    if (isLoader) executables.add(real);
  }
  return { program, executables: [...executables], libraries: [...libraries] };
}

/** Parses what the loader prints instead of starting a program; nothing for one that is linked statically. */
export function parseLibraries(list: string): { file: string; isLoader: boolean }[] {
  return list.split('\n').flatMap((line) => {
    const found = /^\s+(?:\S+ (=>) )?(\/.*) \(0x[0-9a-f]+\)$/.exec(line);
    return found?.[2] === undefined ? [] : [{ file: found[2], isLoader: found[1] === undefined }];
  });
}

async function findInPath(name: string): Promise<string | null> {
  for (const folder of (programEnvironment().PATH ?? '').split(':')) {
    const file = path.resolve(folder, name);
    if (await isThere(file, constants.X_OK)) return realpath(file);
  }
  return null;
}

async function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

/** The loader lists the libraries and ends; a static program has no loader and starts with nothing to do. */
function listLibraries(program: string): Promise<string> {
  const env = { ...programEnvironment(), LD_TRACE_LOADED_OBJECTS: '1' };
  return new Promise((resolve) => {
    // whatever the exit code: what it printed counts
    execFile(program, [], { env, timeout: LIST_TIMEOUT_MS }, (_error, stdout) => resolve(stdout));
  });
}

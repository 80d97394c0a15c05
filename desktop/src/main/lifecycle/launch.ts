import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Passed by the system at login: the app starts in the tray. */
export const HIDDEN_SWITCH = '--hidden';

/**
 * Returns the files on the command line, as absolute paths. `argv` is the process's own; `bare` means that it runs as
 * `electron FOLDER`, where the first argument that is no switch is the app itself.
 */
export function filesToOpen(
  argv: readonly string[],
  { cwd, bare }: { cwd: string; bare: boolean },
): string[] {
  const args = argv.slice(1).filter((arg) => arg !== '' && !arg.startsWith('-'));
  return args.slice(bare ? 1 : 0).flatMap((arg) => {
    const path = toPath(arg);
    return path === null ? [] : [resolve(cwd, path)];
  });
}

export function startsHidden(argv: readonly string[]): boolean {
  return argv.includes(HIDDEN_SWITCH);
}

/** Returns the path of an argument: file managers pass paths or file URLs. Null for other URLs. */
function toPath(arg: string): string | null {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(arg)) return arg;
  try {
    return fileURLToPath(arg);
  } catch {
    return null;
  }
}

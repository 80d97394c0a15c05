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
  const words = argv.slice(1).filter((word) => word !== '' && !word.startsWith('-'));
  return words.slice(bare ? 1 : 0).flatMap((word) => {
    const path = toPath(word);
    return path === null ? [] : [resolve(cwd, path)];
  });
}

export function startsHidden(argv: readonly string[]): boolean {
  return argv.includes(HIDDEN_SWITCH);
}

/** Returns the path of an argument: file managers pass paths or file URLs. Null for other URLs. */
function toPath(word: string): string | null {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(word)) return word;
  try {
    return fileURLToPath(word);
  } catch {
    return null;
  }
}

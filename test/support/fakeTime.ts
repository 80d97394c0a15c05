import { existsSync, readdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

const LIBRARY_FOLDER = '/usr/lib';
const SECOND_MS = 1_000;

/** A wall clock for programs that a test starts. The clock of the machine is never touched. */
export interface FakeClock {
  /** The environment of a program that is to live by this clock; the programs that it starts do so as well. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Moves the clock of the programs that run, within a second, and of those started later. `offsetMs` is what it is
   * ahead of the true time; less than nothing is behind.
   */
  setOffset(offsetMs: number): Promise<void>;
  /** Sets the clock so that it shows this time now. */
  setTime(time: Date): Promise<void>;
}

/**
 * A clock that is kept in a file of `folder`. Timers and `performance.now()` go by the true monotonic clock, so nothing
 * waits longer or fires at once because the wall clock moved. Files keep the true times: Node asks by `statx`, which
 * libfaketime leaves alone.
 */
export async function createFakeClock(folder: string, offsetMs = 0): Promise<FakeClock> {
  const file = path.join(folder, 'faketime');
  const setOffset = async (ms: number): Promise<void> => {
    const seconds = Math.trunc(ms / SECOND_MS);
    // a program that reads it meanwhile must not find it empty
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
    await rename(`${file}.new`, file);
  };
  await setOffset(offsetMs);
  return {
    env: {
      LD_PRELOAD: findLibrary(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    setOffset,
    setTime: (time) => setOffset(time.getTime() - Date.now()),
  };
}

/** Debian keeps it in a folder of the architecture. The variant for programs with threads. */
function findLibrary(): string {
  for (const name of readdirSync(LIBRARY_FOLDER)) {
    const library = path.join(LIBRARY_FOLDER, name, 'faketime/libfaketimeMT.so.1');
    if (existsSync(library)) return library;
  }
  throw new Error('libfaketime is not installed (Debian package faketime)');
}

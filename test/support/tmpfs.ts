import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small disk of its own. */
export interface Tmpfs {
  readonly path: string;
  /** Writes a file until nothing more than so many bytes (0 by default) fits. */
  fill(leaveBytes?: number): Promise<void>;
  /** Removes that file. */
  free(): Promise<void>;
  setReadOnly(readOnly: boolean): Promise<void>;
  unmount(): Promise<void>;
}

/** Why none can be mounted here; false where one can. */
export const noTmpfs = process.getuid?.() === 0 ? false : 'only root may mount';

/** Mounts a tmpfs with these options (`size=64m`) at `folder`. */
export async function mountTmpfs(folder: string, options: string): Promise<Tmpfs> {
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `${options},mode=0700`, 'tmpfs', folder]);
  const ballast = path.join(folder, 'ballast');
  return {
    path: folder,
    async fill(leaveBytes = 0) {
      const file = await open(ballast, 'a');
      try {
        for (const bytes of [1024 * 1024, 4096]) {
          const block = Buffer.alloc(bytes);
          while (await file.write(block).then(({ bytesWritten }) => bytesWritten > 0, isFull));
        }
        const { size } = await file.stat();
        await file.truncate(Math.max(0, size - leaveBytes));
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    setReadOnly: async (readOnly) => {
      await run('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, folder]);
    },
    unmount: async () => {
      await run('umount', ['--lazy', folder]);
    },
  };
}

function isFull(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
  throw error;
}

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  folder: string;
  remove(): Promise<void>;
}

/** Whether this process may mount file systems. */
export function mayMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** A file system in memory at `folder`, of so many KiB, and with so many files at most where that is given. */
export async function mountSmallDisk(
  folder: string,
  { kib, files }: { kib: number; files?: number },
): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true });
  const options = `size=${kib}k,mode=755${files === undefined ? '' : `,nr_inodes=${files}`}`;
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  return {
    folder,
    async remove() {
      await run('umount', [folder]);
    },
  };
}

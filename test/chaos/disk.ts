import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const FILLER = '.filler';
const COPIES = 20;
/** Debian keeps these programs where only root's PATH looks. */
const ROOT_ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' };

/** Mounting needs root; elsewhere a run has plain folders, and neither full disks nor power cuts. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

/** A small disk of its own that can be full. */
export interface Disk {
  readonly folder: string;
  /** Takes what is free, but for so many bytes. */
  fill(leaveBytes: number): Promise<void>;
  free(): Promise<void>;
  unmount(): Promise<void>;
}

const mounted = new Set<string>();
// what a run that was interrupted has mounted must not stay, and is in the way of removing its folder
process.prependListener('exit', () => {
  for (const folder of mounted) spawnSync('umount', ['--lazy', folder]);
});

/** A file system in memory. */
export async function mountMemoryDisk(folder: string, sizeBytes: number): Promise<Disk> {
  await mkdir(folder, { recursive: true });
  await mount(folder, ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'tmpfs']);
  return { folder, ...fillable(folder), unmount: () => unmount(folder) };
}

export interface PowerDisk extends Disk {
  /**
   * Keeps what a power cut at this moment would leave: the blocks that have reached the device, without what is only in
   * memory. Nothing may write meanwhile.
   */
  snapshot(): Promise<void>;
  /** The disk after the power cut: replays its journal and checks it. Whoever used it must have ended. */
  restoreSnapshot(): Promise<void>;
}

/**
 * An ext4 file system in a file, mounted without the kernel's heuristics that write renamed files out early
 * (`noauto_da_alloc`) and with a journal that commits seldom: what was not fsynced is lost at a power cut.
 */
export async function mountPowerDisk(folder: string, image: string, sizeBytes: number): Promise<PowerDisk> {
  const mountImage = (): Promise<void> =>
    mount(folder, ['-o', 'loop,noauto_da_alloc,commit=30,errors=remount-ro', image]);
  await mkdir(folder, { recursive: true });
  await writeFile(image, '');
  await truncate(image, sizeBytes);
  await command('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=1', image]);
  await mountImage();
  const snapshot = `${image}.snapshot`;
  return {
    folder,
    ...fillable(folder),
    unmount: () => unmount(folder),
    async snapshot() {
      // the kernel may write out at any time: a copy is one of a single moment where nothing was written meanwhile
      for (let attempt = 0; attempt < COPIES; attempt += 1) {
        const before = await countWrites(image);
        await command('cp', ['--sparse=always', image, snapshot]);
        if ((await countWrites(image)) === before) return;
      }
      throw new Error('the disk did not come to rest');
    },
    async restoreSnapshot() {
      await unmount(folder);
      await command('mv', [snapshot, image]);
      // replays the journal; 1 is "errors corrected"
      await command('e2fsck', ['-p', image], [0, 1]);
      await mountImage();
    },
  };
}

function fillable(folder: string): Pick<Disk, 'fill' | 'free'> {
  const filler = path.join(folder, FILLER);
  return {
    async fill(leaveBytes) {
      const { bavail, bsize } = await statfs(folder);
      const bytes = Math.max(0, bavail * bsize - leaveBytes);
      // another program may take the space first: then it is full anyway
      if (bytes > 0) await command('fallocate', ['-l', String(bytes), filler]).catch(() => undefined);
    },
    free: () => rm(filler, { force: true }),
  };
}

async function mount(folder: string, args: string[]): Promise<void> {
  await command('mount', [...args, folder]);
  mounted.add(folder);
}

async function unmount(folder: string): Promise<void> {
  if (!mounted.has(folder)) return;
  await command('umount', [folder]);
  mounted.delete(folder);
}

async function command(program: string, args: string[], allowed: readonly number[] = [0]): Promise<void> {
  try {
    await run(program, args, { timeout: TIMEOUT_MS, env: ROOT_ENV });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code !== 'number' || !allowed.includes(code)) throw error;
  }
}

/** Writes that the loop device of an image has completed, and those under way. */
async function countWrites(image: string): Promise<string> {
  const { stdout } = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', image], {
    timeout: TIMEOUT_MS,
    env: ROOT_ENV,
  });
  const stat = await readFile(`/sys/block/${path.basename(stdout.trim())}/stat`, 'utf8');
  const fields = stat.trim().split(/\s+/);
  return `${fields[4]} completed, ${fields[8]} under way`;
}

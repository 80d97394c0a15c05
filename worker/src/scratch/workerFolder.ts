import { lstat, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

/** So often a worker changes its folder, which says that it is alive, and looks for folders that nobody uses. */
const ALIVE_EVERY_MS = 60_000;
const EMPTY_AFTER_MS = 60 * 60_000;
/** Workers of earlier versions change theirs with every task. No task takes so long, and no lease lasts so long. */
const UNUSED_AFTER_MS = 24 * 60 * 60_000;
const MADE_BY_WORKERS = /^(?:task-|trial-)\w{6}$|^(?:self-test|\.alive)$/;

/** Folders of workers in this very process, with what keeps them alive; several may share it. */
const inUse = new Map<string, NodeJS.Timeout>();

/**
 * Makes the folder of one worker inside `parent`. Removes folders that killed workers left behind there, now and as long
 * as this one lives: those of this machine once their process is gone, all others, also of workers with another name or
 * on another machine that shares the disk, once nobody has used them for a day, or an hour where they are empty. Throws
 * ConfigError where `parent` cannot be made or belongs to another user; a folder that cannot be removed is logged and
 * stays. One for which there is no room is made later, by the self-test.
 */
export async function claimWorkFolder(parent: string, workerId: string, logger: Logger): Promise<string> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError(`WORK_DIR: ${reasonOf(error)}`);
  }
  await assertNotForeign(parent);
  const folder = path.join(parent, `${hostPrefix()}${process.pid}.${safe(workerId)}`);
  // those of this machine first: they may be what fills the disk
  await removeUnused(parent, null, logger);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) =>
    logger.warn({ reason: reasonOf(error) }, 'work folder not created'),
  );
  const stayAlive = async (): Promise<void> => {
    try {
      await removeUnused(parent, await touch(folder), logger);
    } catch (error) {
      logger.warn({ err: error, folder }, 'work folder check failed');
    }
  };
  clearInterval(inUse.get(folder));
  inUse.set(folder, setInterval(() => void stayAlive(), ALIVE_EVERY_MS).unref());
  await stayAlive();
  return folder;
}

export async function releaseWorkFolder(folder: string, logger: Logger): Promise<void> {
  clearInterval(inUse.get(folder));
  inUse.delete(folder);
  await removeFolder(folder, logger);
}

/** Of these it was logged that they stay: it is tried again every minute. */
const stuck = new Set<string>();

/** Removes a folder with everything in it. Never rejects: what stays is logged once, and takes space and nothing else. */
export async function removeFolder(folder: string, logger: Logger): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    stuck.delete(folder);
  } catch (error) {
    if (stuck.has(folder)) return;
    stuck.add(folder);
    logger.warn({ err: error, folder }, 'work folder not removed');
  }
}

/**
 * Returns what the file system takes for now, in milliseconds since 1970: on a disk that machines share all times are those
 * of one clock. A file without content can be made on a full disk, too.
 */
async function touch(folder: string): Promise<number> {
  // a machine that slept for long may have lost it
  if (inUse.has(folder)) await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, '.alive');
  await writeFile(file, '', { mode: 0o600 });
  const { mtimeMs } = await lstat(file);
  await rm(file, { force: true });
  return mtimeMs;
}

/** Where `now` is null only what processes of this machine left behind. */
async function removeUnused(parent: string, now: number | null, logger: Logger): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = path.join(parent, name);
    const found = /^[A-Za-z0-9_-]+\.(\d+)\.[A-Za-z0-9_-]+$/.exec(name);
    if (found === null || inUse.has(folder)) continue;
    const pid = Number(found[1]);
    const isDead = name.startsWith(hostPrefix()) && (pid === process.pid || !isAlive(pid));
    if (isDead) await removeFolder(folder, logger);
    else if (now !== null) await removeIfUnused(folder, now, logger);
  }
}

async function removeIfUnused(folder: string, now: number, logger: Logger): Promise<void> {
  const looked = await Promise.all([lstat(folder), readdir(folder)]).catch(() => null);
  // it is gone
  if (looked === null) return;
  const [info, names] = looked;
  // `WORK_DIR` may hold what is not a worker's
  const isPrivate = info.isDirectory() && (info.mode & 0o077) === 0;
  if (!isPrivate || !names.every((name) => MADE_BY_WORKERS.test(name))) return;
  const idleMs = now - info.mtimeMs;
  if (idleMs > UNUSED_AFTER_MS) await removeFolder(folder, logger);
  // fails, as it should, when something has come into it
  else if (idleMs > EMPTY_AFTER_MS && names.length === 0) await rmdir(folder).catch(() => undefined);
}

/** Whoever owns the parent could put other files in the place of the worker's; root could anyway. */
async function assertNotForeign(parent: string): Promise<void> {
  const own = process.getuid?.();
  const { uid } = await lstat(parent);
  if (own !== undefined && uid !== own && uid !== 0) {
    throw new ConfigError(`WORK_DIR: ${parent} belongs to another user of this machine`);
  }
}

/** A folder carries host and process, because other machines may keep theirs in the same place. */
function hostPrefix(): string {
  return `${safe(hostname())}.`;
}

function safe(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // a process of another user is alive, too
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

/** Folders of workers in this very process; several may share it. */
const inUse = new Set<string>();

/**
 * Makes the folder of one worker inside `parent`, and removes those that killed workers of this machine left behind.
 * A folder carries host and process, because other machines may keep theirs in the same place. Throws where `parent`
 * belongs to another user; a folder that cannot be removed is logged and stays.
 */
export async function claimWorkFolder(parent: string, workerId: string, logger: Logger): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await assertNotForeign(parent);
  const prefix = `${safe(hostname())}.`;
  for (const name of await readdir(parent)) {
    // a worker that was killed while it wrote its health file
    const draftOf = Number(/^health\.json\.(\d+)$/.exec(name)?.[1]);
    if (Number.isInteger(draftOf) && !isAlive(draftOf)) await removeFolder(path.join(parent, name), logger);
    if (!name.startsWith(prefix) || inUse.has(path.join(parent, name))) continue;
    const pid = Number(/^(\d+)\./.exec(name.slice(prefix.length))?.[1]);
    if (Number.isInteger(pid) && (pid === process.pid || !isAlive(pid))) {
      await removeFolder(path.join(parent, name), logger);
    }
  }
  const folder = path.join(parent, `${prefix}${process.pid}.${safe(workerId)}`);
  inUse.add(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export async function releaseWorkFolder(folder: string, logger: Logger): Promise<void> {
  await removeFolder(folder, logger);
  inUse.delete(folder);
}

/** Removes a folder with everything in it. Never rejects: what stays is logged, and takes space and nothing else. */
export async function removeFolder(folder: string, logger: Logger): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    logger.warn({ err: error, folder }, 'a work folder cannot be removed');
  }
}

/** Whoever owns the parent could put other files in the place of the worker's; root could anyway. */
async function assertNotForeign(parent: string): Promise<void> {
  const own = process.getuid?.();
  const { uid } = await lstat(parent);
  if (own !== undefined && uid !== own && uid !== 0) {
    throw new Error(`WORK_DIR: ${parent} belongs to another user of this machine`);
  }
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

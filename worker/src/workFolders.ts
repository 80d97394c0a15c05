import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';

/** Folders of workers in this very process; several may share it. */
const inUse = new Set<string>();

/**
 * Makes the folder of one worker inside `parent`, and removes those that killed workers of this machine left behind.
 * A folder carries host and process, because other machines may keep theirs in the same place. Throws where `parent`
 * belongs to another user.
 */
export async function claimWorkFolder(parent: string, workerId: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await assertNotForeign(parent);
  const prefix = `${safe(hostname())}.`;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || inUse.has(path.join(parent, name))) continue;
    const pid = Number(/^(\d+)\./.exec(name.slice(prefix.length))?.[1]);
    if (Number.isInteger(pid) && (pid === process.pid || !isAlive(pid))) {
      await rm(path.join(parent, name), { recursive: true, force: true });
    }
  }
  const folder = path.join(parent, `${prefix}${process.pid}.${safe(workerId)}`);
  inUse.add(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export async function releaseWorkFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  inUse.delete(folder);
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

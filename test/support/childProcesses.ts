import { readdir, readFile } from 'node:fs/promises';

/** Looks at processes of this machine as `ps` does, through /proc. */

/** Processes that descend from one, children first. */
export async function findDescendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = (await readStat(Number(entry)))?.parent;
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const found = [pid];
  // grows while it is walked
  for (const known of found) {
    for (const [child, parent] of parents) if (parent === known) found.push(child);
  }
  return found.slice(1);
}

/** Embedded workers that a process has started and that still run. */
export async function findEmbeddedWorkers(parentPid: number): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await findDescendants(parentPid)) {
    if ((await readStat(pid))?.parent !== parentPid) continue;
    if (/worker\/src\/embedded\.ts/.test(await readCommandLine(pid)) && (await isRunning(pid)))
      found.push(pid);
  }
  return found;
}

/** Whether there is such a process, and not only what is left of one until its parent asks for its end. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readStat(pid);
  return stat !== null && stat.state !== 'Z';
}

/** Its arguments, one a line; empty where it is gone. */
export const readCommandLine = (pid: number): Promise<string> => readList(pid, 'cmdline');

/** Its environment, one variable a line; empty where it is gone. */
export const readEnvironment = (pid: number): Promise<string> => readList(pid, 'environ');

async function readList(pid: number, name: 'cmdline' | 'environ'): Promise<string> {
  const text = await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  return text.replaceAll('\0', '\n');
}

async function readStat(pid: number): Promise<{ state: string; parent: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, state, parent] = /^\d+ \(.*\) (\S) (\d+)/s.exec(text) ?? [];
  return state === undefined ? null : { state, parent: Number(parent) };
}

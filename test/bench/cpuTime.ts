import { readFile } from 'node:fs/promises';

/** The kernel counts in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/**
 * Seconds on all cores that a process and the children that it has now have used so far, with those of all their children
 * that have ended. NaN where the system does not tell. The standalone server's worker is such a child.
 */
export async function readCpuSeconds(pid: number): Promise<number> {
  const { own, children } = await readTimes(pid);
  const running = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const pids = running.split(' ').filter((child) => child !== '');
  const ofRunning = await Promise.all(pids.map((child) => readCpuSeconds(Number(child))));
  // one that ended in between counts with its parent the next time
  return ofRunning.reduce((sum, seconds) => (Number.isNaN(seconds) ? sum : sum + seconds), own + children);
}

/** Seconds on all cores that the ended children of this process have used. */
export async function readChildrenCpuSeconds(): Promise<number> {
  return (await readTimes('self')).children;
}

async function readTimes(pid: number | 'self'): Promise<{ own: number; children: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // the name in brackets, the only field that may hold a space, is the second; user time is the fourteenth
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const seconds = (field: number): number => Number.parseInt(fields[field - 3] ?? '', 10) / TICKS_PER_SECOND;
  return { own: seconds(14) + seconds(15), children: seconds(16) + seconds(17) };
}

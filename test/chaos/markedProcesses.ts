import { readdir, readlink } from 'node:fs/promises';
import { findDescendants, isRunning, readCommandLine, readEnvironment } from '../support/childProcesses.ts';
import { waitFor } from '../support/processes.ts';

/**
 * Processes that have the mark of a world in command line, environment or folder, and everything that descends from them:
 * whoever started them may be gone.
 */
export async function findMarkedProcesses(mark: string): Promise<number[]> {
  const found = new Set<number>();
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || !(await isMarked(pid, mark))) continue;
    for (const one of [pid, ...(await findDescendants(pid))]) if (await isRunning(one)) found.add(one);
  }
  return [...found];
}

/** Returns whom the signal was sent to. */
export async function signalMarkedProcesses(mark: string, signal: NodeJS.Signals): Promise<number[]> {
  const pids = await findMarkedProcesses(mark);
  for (const pid of pids) trySignal(pid, signal);
  return pids;
}

/** SIGKILL, which also ends what is suspended; waits until all of them are gone. */
export async function killMarkedProcesses(mark: string): Promise<void> {
  await waitFor(
    `processes of ${mark} to be gone`,
    async () => (await signalMarkedProcesses(mark, 'SIGKILL')).length === 0,
  );
}

async function isMarked(pid: number, mark: string): Promise<boolean> {
  const texts = await Promise.all([
    readCommandLine(pid),
    readEnvironment(pid),
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
  ]);
  return texts.some((text) => text.includes(mark));
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

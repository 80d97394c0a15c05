import { setTimeout as pause } from 'node:timers/promises';
import { findDescendants, readCommandLine } from '../support/childProcesses.ts';
import { drawSeconds, type Fault, type Injection } from './faults.ts';
import type { Random } from './random.ts';

/** They run for moments: so often is one looked for, and so long is waited in between. */
const LOOKS = 40;
const LOOK_MS = 50;

/** `findParents` returns processes whose ffmpeg and ffprobe are meant. */
export function hurtMediaPrograms(weight: number, findParents: () => readonly number[]): Fault[] {
  const onProgram = (kind: string, toInjection: (pid: number, random: Random) => Injection): Fault => ({
    kind,
    weight,
    async draw(random) {
      const pid = await find(findParents, random);
      return pid === null ? null : toInjection(pid, random);
    },
  });
  return [
    onProgram('kill -9 of ffmpeg', (pid) => ({
      what: `ffmpeg ${pid} is killed`,
      targets: [`process ${pid}`],
      seconds: 0,
      begin: () => send(pid, 'SIGKILL'),
      end: async () => undefined,
    })),
    onProgram('SIGSTOP of ffmpeg', (pid, random) => ({
      what: `ffmpeg ${pid} is suspended`,
      targets: [`process ${pid}`],
      seconds: drawSeconds(random, 1, 12),
      begin: () => send(pid, 'SIGSTOP'),
      end: () => send(pid, 'SIGCONT'),
    })),
  ];
}

/** Null where none ran for a while. */
async function find(findParents: () => readonly number[], random: Random): Promise<number | null> {
  for (let look = 0; look < LOOKS; look += 1) {
    const descendants = (await Promise.all(findParents().map(findDescendants))).flat();
    const found: number[] = [];
    for (const pid of descendants) {
      const [program = ''] = (await readCommandLine(pid)).split('\n');
      if (/(^|\/)ff(mpeg|probe)$/.test(program)) found.push(pid);
    }
    if (found.length > 0) return random.pick(found);
    await pause(LOOK_MS);
  }
  return null;
}

async function send(pid: number, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

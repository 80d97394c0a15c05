import { findDescendants, readCommandLine } from '../support/childProcesses.ts';
import { drawSeconds, type Fault } from './faults.ts';
import type { Random } from './random.ts';

/** `findParents` are processes whose ffmpeg and ffprobe are meant. */
export function hurtMediaPrograms(weight: number, findParents: () => readonly number[]): Fault[] {
  const find = async (random: Random): Promise<number | null> => {
    const all = await Promise.all(findParents().map(findDescendants));
    const lines = await Promise.all(
      all.flat().map(async (pid) => ({ pid, command: await readCommandLine(pid) })),
    );
    const media = lines.filter(({ command }) => /^\S*ff(mpeg|probe)$/m.test(command.split('\n')[0] ?? ''));
    return media.length === 0 ? null : random.pick(media).pid;
  };
  const send = async (pid: number, signal: NodeJS.Signals): Promise<void> => {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended
    }
  };
  return [
    {
      kind: 'kill -9 of ffmpeg',
      weight,
      async draw(random) {
        const pid = await find(random);
        if (pid === null) return null;
        return {
          what: `ffmpeg ${pid} is killed`,
          targets: [`process ${pid}`],
          seconds: 0,
          begin: () => send(pid, 'SIGKILL'),
          end: async () => undefined,
        };
      },
    },
    {
      kind: 'SIGSTOP of ffmpeg',
      weight,
      async draw(random) {
        const pid = await find(random);
        if (pid === null) return null;
        return {
          what: `ffmpeg ${pid} is suspended`,
          targets: [`process ${pid}`],
          seconds: drawSeconds(random, 1, 12),
          begin: () => send(pid, 'SIGSTOP'),
          end: () => send(pid, 'SIGCONT'),
        };
      },
    },
  ];
}

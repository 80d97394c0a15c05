import type { Fault } from './faults.ts';
import { LEASE_SECONDS } from './world.ts';

/**
 * `findWorkers` returns the embedded workers of the server that runs, `findAll` every process of the world: a worker
 * that is suspended while its server is replaced is continued as well, so that it notices.
 */
export function hurtEmbeddedWorker(
  weight: number,
  findWorkers: () => Promise<number[]>,
  findAll: () => Promise<number[]>,
): Fault[] {
  const fault = (
    kind: string,
    longest: number,
    begin: NodeJS.Signals,
    end: NodeJS.Signals | null,
  ): Fault => ({
    kind,
    weight,
    async draw(random) {
      const [pid] = await findWorkers();
      if (pid === undefined) return null;
      const send = async (signal: NodeJS.Signals | null): Promise<void> => {
        // another process of this number would be one of ours as well: numbers are not given again so soon
        if (signal !== null && (await findAll()).includes(pid)) process.kill(pid, signal);
      };
      return {
        what: `${kind} (${pid})`,
        targets: ['embedded worker'],
        seconds: random.between(0, longest),
        begin: () => send(begin),
        end: () => send(end),
      };
    },
  });
  return [
    fault('kill -9 of the embedded worker', 0, 'SIGKILL', null),
    fault('SIGSTOP of the embedded worker', LEASE_SECONDS + 8, 'SIGSTOP', 'SIGCONT'),
  ];
}

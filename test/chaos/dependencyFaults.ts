import { drawSeconds, type Fault } from './faults.ts';
import type { Program } from './program.ts';

/** A server that is not ours: database, broker, store. */
export interface Dependency {
  name: string;
  readonly pid: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** In an orderly way, where it has one. */
  stop(): Promise<void>;
}

export function hurtDependencies(weight: number, dependencies: readonly Dependency[]): Fault[] {
  const restart = (kind: string, share: number, end: (one: Dependency) => Promise<void>): Fault => ({
    kind,
    weight: weight * share,
    draw(random) {
      const one = random.pick(dependencies);
      return {
        what: `${one.name}: ${kind}`,
        targets: [one.name],
        seconds: drawSeconds(random, 0, 8),
        begin: () => end(one),
        end: () => one.start(),
      };
    },
  });
  return [
    restart('dependency killed', 1, (one) => one.kill()),
    restart('dependency restarted', 0.5, (one) => one.stop()),
    {
      kind: 'dependency suspended',
      weight,
      draw(random) {
        const one = random.pick(dependencies);
        return {
          what: `${one.name} is suspended`,
          targets: [one.name],
          seconds: drawSeconds(random, 1, 15),
          begin: async () => void process.kill(one.pid, 'SIGSTOP'),
          end: async () => void process.kill(one.pid, 'SIGCONT'),
        };
      },
    },
  ];
}

/** Everything is killed, and started again in any order. */
export function everythingDown(
  weight: number,
  programs: readonly Program[],
  dependencies: readonly Dependency[],
): Fault {
  return {
    kind: 'everything down',
    weight,
    draw(random) {
      const starts = random.shuffle([
        ...programs.map((program) => ({ name: program.name, start: async () => program.start() })),
        ...dependencies,
      ]);
      return {
        what: `everything is killed, and started in this order: ${starts.map(({ name }) => name).join(', ')}`,
        targets: starts.map(({ name }) => name),
        seconds: drawSeconds(random, 1, 4),
        begin: async () => {
          await Promise.all([...programs, ...dependencies].map((one) => one.kill()));
        },
        end: async () => {
          for (const one of starts) await one.start();
        },
      };
    },
  };
}

import { findDescendants, readCommandLine } from '../support/childProcesses.ts';
import { canShiftClocks, WRONG_CLOCKS } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Link, LinkState } from './link.ts';
import type { Program } from './program.ts';
import type { Random } from './random.ts';

/** One fault, drawn and not yet begun. */
export interface Injection {
  /** For people, with the target. */
  what: string;
  /** What it takes; no two faults hold the same at a time. */
  targets: readonly string[];
  /** Until it ends. */
  seconds: number;
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** A kind of fault; the likelier, the larger its weight. Drawing returns null where there is nothing to hurt now. */
export interface Fault {
  kind: string;
  weight: number;
  draw(random: Random): Promise<Injection | null> | Injection | null;
}

/** A server that is not ours: database, broker, store. */
export interface Dependency {
  name: string;
  readonly pid: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** In an orderly way, where it has one. */
  stop(): Promise<void>;
}

const nothing = async (): Promise<void> => undefined;
const seconds = (random: Random, low: number, high: number): number =>
  random.between(low * 10, high * 10) / 10;

export function killPrograms(weight: number, programs: readonly Program[]): Fault {
  return {
    kind: 'kill -9',
    weight,
    draw(random) {
      const program = random.pick(programs);
      return {
        what: `${program.name} is killed`,
        targets: [program.name],
        seconds: seconds(random, 0, 6),
        begin: () => program.kill(),
        end: async () => program.start(),
      };
    },
  };
}

export function suspendPrograms(
  kind: string,
  weight: number,
  programs: readonly Program[],
  [low, high]: readonly [number, number],
): Fault {
  return {
    kind,
    weight,
    draw(random) {
      const program = random.pick(programs);
      return {
        what: `${program.name} is suspended`,
        targets: [program.name],
        seconds: seconds(random, low, high),
        begin: async () => program.signal('SIGSTOP'),
        end: async () => program.signal('SIGCONT'),
      };
    },
  };
}

export function wrongClocks(weight: number, programs: readonly Program[]): Fault[] {
  if (!canShiftClocks) return [];
  const fault: Fault = {
    kind: 'wrong clock',
    weight,
    draw(random) {
      const program = random.pick(programs);
      const clock = random.pick(WRONG_CLOCKS);
      const restart = async (shift: typeof clock | 'right'): Promise<void> => {
        await program.kill();
        program.start(shift);
      };
      return {
        what: `${program.name} starts again with its clock ${clock}`,
        targets: [program.name],
        seconds: seconds(random, 6, 14),
        begin: () => restart(clock),
        end: () => restart('right'),
      };
    },
  };
  return [fault];
}

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
          end: nothing,
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
          seconds: seconds(random, 1, 12),
          begin: () => send(pid, 'SIGSTOP'),
          end: () => send(pid, 'SIGCONT'),
        };
      },
    },
  ];
}

export function hurtLinks(weight: number, links: readonly Link[]): Fault[] {
  const states: Record<string, (random: Random) => LinkState> = {
    'connection cut': () => ({ kind: 'cut' }),
    'connection slow': (random) => ({ kind: 'slow', delayMs: random.between(50, 1_500) }),
    'connection stalled': () => ({ kind: 'stalled' }),
    'connection broken off': (random) => ({ kind: 'broken', afterBytes: random.between(0, 60_000) }),
  };
  return Object.entries(states).map(([kind, drawState]) => ({
    kind,
    weight,
    draw(random) {
      const link = random.pick(links);
      const state = drawState(random);
      const detail = Object.values(state).slice(1).join(' ');
      return {
        what: `${link.name}: ${kind} ${detail}`.trimEnd(),
        targets: [link.name],
        seconds: seconds(random, 0.5, 9),
        begin: async () => link.set(state),
        end: async () => link.set({ kind: 'whole' }),
      };
    },
  }));
}

export function fillDisks(weight: number, disks: readonly (Disk & { name: string })[]): Fault[] {
  if (disks.length === 0) return [];
  const fault: Fault = {
    kind: 'disk full',
    weight,
    draw(random) {
      const disk = random.pick(disks);
      const leaveBytes = random.pick([0, 4_096, 20_000, 60_000, 200_000]);
      return {
        what: `${disk.name} is full but for ${leaveBytes} bytes`,
        targets: [disk.name],
        seconds: seconds(random, 0.5, 10),
        begin: () => disk.fill(leaveBytes),
        end: () => disk.free(),
      };
    },
  };
  return [fault];
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
        seconds: seconds(random, 0, 8),
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
          seconds: seconds(random, 1, 15),
          begin: async () => void process.kill(one.pid, 'SIGSTOP'),
          end: async () => void process.kill(one.pid, 'SIGCONT'),
        };
      },
    },
  ];
}

/** All connections of one dependency at once, for longer than anybody likes to wait. */
export function longAbsence(weight: number, name: string, links: readonly Link[]): Fault {
  return {
    kind: `${name} away`,
    weight,
    draw: (random) => ({
      what: `${name} is away`,
      targets: links.map((link) => link.name),
      seconds: seconds(random, 30, 40),
      begin: async () => {
        for (const link of links) link.set({ kind: 'cut' });
      },
      end: async () => {
        for (const link of links) link.set({ kind: 'whole' });
      },
    }),
  };
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
        seconds: seconds(random, 1, 4),
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

import { canShiftClocks, WRONG_CLOCKS } from './clock.ts';
import { drawSeconds, type Fault } from './faults.ts';
import type { Program } from './program.ts';

// What is done to servers and workers.

export function killPrograms(weight: number, programs: readonly Program[]): Fault {
  return {
    kind: 'kill -9',
    weight,
    draw(random) {
      const program = random.pick(programs);
      return {
        what: `${program.name} is killed`,
        targets: [program.name],
        seconds: drawSeconds(random, 0, 6),
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
        seconds: drawSeconds(random, low, high),
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
        seconds: drawSeconds(random, 6, 14),
        begin: () => restart(clock),
        end: () => restart('right'),
      };
    },
  };
  return [fault];
}

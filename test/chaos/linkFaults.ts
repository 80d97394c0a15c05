import { drawSeconds, type Fault } from './faults.ts';
import type { Link, LinkState } from './link.ts';
import type { Random } from './random.ts';

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
        seconds: drawSeconds(random, 0.5, 9),
        begin: async () => link.set(state),
        end: async () => link.set({ kind: 'whole' }),
      };
    },
  }));
}

/** All connections of one dependency at once, for longer than anybody likes to wait. */
export function longAbsence(weight: number, name: string, links: readonly Link[]): Fault {
  return {
    kind: `${name} away`,
    weight,
    draw: (random) => ({
      what: `${name} is away`,
      targets: links.map((link) => link.name),
      seconds: drawSeconds(random, 30, 40),
      begin: async () => {
        for (const link of links) link.set({ kind: 'cut' });
      },
      end: async () => {
        for (const link of links) link.set({ kind: 'whole' });
      },
    }),
  };
}

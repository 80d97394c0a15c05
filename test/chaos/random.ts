/** Numbers that a seed decides: the same seed draws the same faults, clips and actions in the same order. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of these, as likely as its weight says. */
  pickWeighted<T extends { weight: number }>(from: readonly T[]): T;
  shuffle<T>(list: readonly T[]): T[];
  /** A generator of its own, so that what one part draws does not depend on how fast another is. */
  fork(name: string): Random;
}

export function createRandom(seed: number, name = ''): Random {
  let state = hash(`${seed} ${name}`);
  /** mulberry32 */
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[between(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('there is nothing to pick from');
    return picked;
  };
  return {
    next,
    between,
    pick,
    chance: (probability) => next() < probability,
    pickWeighted(from) {
      let left = next() * from.reduce((sum, { weight }) => sum + weight, 0);
      const picked = from.find(({ weight }) => {
        left -= weight;
        return left < 0;
      });
      return picked ?? pick(from);
    },
    shuffle(list) {
      const keyed = list.map((value) => ({ value, key: next() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
    },
    fork: (child) => createRandom(seed, `${name}/${child}`),
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

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

/** A time in seconds, to a tenth. */
export function drawSeconds(random: Random, low: number, high: number): number {
  return random.between(low * 10, high * 10) / 10;
}

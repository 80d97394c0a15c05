const MB = 1024 * 1024;

/** The least that may be set: the contract's bound. */
export const LEAST_MB = 0.02;
export const MAX_MB = 10_000;

/** Bytes per second that are offered. */
export const PRESETS: readonly number[] = [MB / 2, MB, 2 * MB, 5 * MB, 10 * MB, 20 * MB, 50 * MB];

/** What is chosen in the list: none, one of the presets, or a value of one's own. */
export type SpeedChoice = 'none' | 'own' | `${number}`;

export function choiceOf(bytesPerSecond: number | null): SpeedChoice {
  if (bytesPerSecond === null) return 'none';
  return PRESETS.includes(bytesPerSecond) ? `${bytesPerSecond}` : 'own';
}

/** The limit that a choice stands for; undefined for a value of one's own, which is still to be named. */
export function limitOf(choice: string): number | null | undefined {
  if (choice === 'none') return null;
  return choice === 'own' ? undefined : Number(choice);
}

/** MB per second with at most two decimals, as a person would type it. */
export function toMegabytes(bytesPerSecond: number): number {
  return Math.round((bytesPerSecond / MB) * 100) / 100;
}

/** Bytes per second of what was typed, within the bounds; null where it is no number. */
export function fromMegabytes(megabytes: number | string): number | null {
  const value = typeof megabytes === 'number' ? megabytes : Number.parseFloat(megabytes);
  if (!Number.isFinite(value)) return null;
  return Math.round(Math.min(MAX_MB, Math.max(LEAST_MB, value)) * MB);
}

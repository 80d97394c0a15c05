const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** The pause after each failed attempt, in seconds: about a day in all. */
const PAUSES_SECONDS = [
  5,
  30,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  4 * HOUR,
  6 * HOUR,
  6 * HOUR,
];
const JITTER = 0.2;

/** Returns when the attempt after the `attempts`-th is due; null after the last one. */
export function nextAttemptAfter(attempts: number, now: Date, random = Math.random): Date | null {
  const pauseSeconds = PAUSES_SECONDS[attempts - 1];
  if (pauseSeconds === undefined) return null;
  const factor = 1 - JITTER / 2 + random() * JITTER;
  return new Date(now.getTime() + Math.round(pauseSeconds * 1000 * factor));
}

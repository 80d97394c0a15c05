import { hostname } from 'node:os';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Clocks of different machines differ by seconds; a store refuses signatures beyond 15 minutes. */
export const MAX_SKEW_MS = 5 * MINUTE_MS;
/** Beyond this an installation that was off looks like a clock that is ahead. */
export const MAX_AWAY_MS = 30 * DAY_MS;
/** Older than this program: a clock that was never set. */
export const EARLIEST_CLOCK = new Date('2024-01-01T00:00:00Z');

/** What is known of the time. */
export interface TimeEvidence {
  /** The clock of this server, before and after the others were asked. */
  before: Date;
  now: Date;
  /** When a server was last seen alive, by a clock that was trusted; null in a new installation. */
  lastSeen: Date | null;
  /** What database and store say; null where they say nothing, or have the clock of this process. */
  database: Date | null;
  store: Date | null;
}

/** Why the clock of this server is not to be trusted with what removes things; null where it is. */
export function findClockDoubt(evidence: TimeEvidence): string | null {
  return findPastDoubt(evidence) ?? findOthersDoubt(evidence);
}

/** What other clocks say: no administrator can overrule that. */
export function findOthersDoubt({ before, now, database, store }: TimeEvidence): string | null {
  for (const [name, time] of Object.entries({ database, 'object store': store })) {
    if (time === null) continue;
    // the response may have been on its way for long
    const isAhead = time.getTime() > now.getTime() + MAX_SKEW_MS;
    const isBehind = time.getTime() < before.getTime() - MAX_SKEW_MS;
    if (isAhead || isBehind) {
      return `The clock of ${hostname()} says ${now.toISOString()}, that of the ${name} ${time.toISOString()}.`;
    }
  }
  return null;
}

/** What this installation has seen before. */
function findPastDoubt({ now, lastSeen }: TimeEvidence): string | null {
  const says = `The clock of ${hostname()} says ${now.toISOString()}`;
  if (now < EARLIEST_CLOCK) return `${says}, which cannot be.`;
  if (lastSeen === null) return null;
  const awayMs = now.getTime() - lastSeen.getTime();
  if (awayMs < -MAX_SKEW_MS) return `${says}, but a server ran at ${lastSeen.toISOString()} already.`;
  if (awayMs <= MAX_AWAY_MS) return null;
  const days = Math.floor(awayMs / DAY_MS);
  return `${says}, ${days} days after a server was last seen (${lastSeen.toISOString()}).`;
}

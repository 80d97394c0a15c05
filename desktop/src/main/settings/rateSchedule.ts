import type { Settings } from '../../contracts/desktop.ts';

type RateSettings = Pick<Settings, 'bytesPerSecond' | 'schedule'>;

/** The limit in force, in bytes per second (null is none), and when it may change; null is never. */
export interface RateInForce {
  bytesPerSecond: number | null;
  until: Date | null;
}

/**
 * Returns the limit in force at a moment of local time. `from` belongs to the scheduled period and `to` does not; where
 * both are equal, the schedule applies all day.
 */
export function rateAt({ bytesPerSecond, schedule }: RateSettings, now: Date): RateInForce {
  if (!schedule.enabled) return { bytesPerSecond, until: null };
  const { from, to } = schedule;
  if (from === to) return { bytesPerSecond: schedule.bytesPerSecond, until: null };
  const time = `${twoDigits(now.getHours())}:${twoDigits(now.getMinutes())}`;
  const scheduled = from < to ? from <= time && time < to : from <= time || time < to;
  return scheduled
    ? { bytesPerSecond: schedule.bytesPerSecond, until: nextTime(to, now) }
    : { bytesPerSecond, until: nextTime(from, now) };
}

/** Returns the next moment at which the clock shows `time`: today, or tomorrow where that is past. */
function nextTime(time: string, now: Date): Date {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const next = new Date(now);
  next.setHours(hours, minutes, 0, 0);
  if (next <= now) next.setDate(next.getDate() + 1);
  return next;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

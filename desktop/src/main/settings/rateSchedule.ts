import type { Settings } from '../../contracts/desktop.ts';

type RateSettings = Pick<Settings, 'bytesPerSecond' | 'schedule'>;

/** The limit in force, in bytes per second (null is none), and when that may be another one; null is never. */
export interface RateInForce {
  bytesPerSecond: number | null;
  until: Date | null;
}

/**
 * Which limit holds at a moment, by the clock on the wall. `from` belongs to the scheduled time and `to` does not;
 * where both are the same, the schedule holds all day.
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

/** The next moment at which the clock shows `time`; today's, or tomorrow's where that is past. */
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

import type { Language } from '../../contracts/desktop.ts';

/** Quantities and moments as text, in one language. Anything not finite is a dash. */
export interface Formats {
  /** `1.2 GB`; a KB has 1,024 bytes. */
  bytes(bytes: number): string;
  /** `3.4 MB/s` */
  speed(bytesPerSecond: number): string;
  /** How long a video is: `4:05`, `1:04:05`. */
  duration(seconds: number): string;
  /** A remaining time, rounded: `40 sec`, `3 min`, `2 hr 10 min`. */
  eta(seconds: number): string;
  /** `42%`, rounded down so that 100% means finished. */
  percent(percentage: number): string;
  /** `12,345` */
  count(value: number): string;
  /** `24 Nov`, of an ISO date or milliseconds; `24 Nov 2025` of another year than this one. */
  date(moment: string | number, now?: number): string;
  /** `24 Nov 2026, 14:05` */
  dateTime(moment: string | number): string;
  /** `3 min ago` */
  ago(moment: string | number, now?: number): string;
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];
const NOTHING = '–';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const known = new Map<Language, Formats>();

/** The formats of a language; made once, because Intl's objects are costly. */
export function formatsOf(language: Language): Formats {
  const formats = known.get(language) ?? createFormats(language);
  known.set(language, formats);
  return formats;
}

function createFormats(language: Language): Formats {
  // unambiguous dates: the month as a word, and 24 hours
  const dateLocale = language === 'en' ? 'en-GB' : language;
  const locale = language === 'en' ? 'en-US' : language;
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const units = unitFormats(locale);
  const day = new Intl.DateTimeFormat(dateLocale, { day: 'numeric', month: 'short' });
  const dayOfYear = new Intl.DateTimeFormat(dateLocale, { dateStyle: 'medium' });
  const moment = new Intl.DateTimeFormat(dateLocale, { dateStyle: 'medium', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });

  const bytes = (value: number): string => {
    if (!Number.isFinite(value)) return NOTHING;
    const { amount, unit } = scaleBytes(Math.max(0, value));
    return `${(unit < 2 || amount >= 100 ? whole : tenths).format(amount)} ${BYTE_UNITS[unit]}`;
  };
  return {
    bytes,
    speed: (value) => (Number.isFinite(value) ? `${bytes(value)}/s` : NOTHING),
    duration: formatClock,
    eta: (seconds) => spaceOut(formatEta(seconds, units)),
    percent: (value) => `${Math.floor(Math.min(100, Math.max(0, value)))}%`,
    count: (value) => whole.format(value),
    date: (value, now = Date.now()) => {
      const date = new Date(value);
      return (date.getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(date);
    },
    dateTime: (value) => moment.format(new Date(value)),
    ago: (value, now = Date.now()) => spaceOut(formatAgo((now - new Date(value).getTime()) / 1000, relative)),
  };
}

function scaleBytes(bytes: number): { amount: number; unit: number } {
  let amount = bytes;
  let unit = 0;
  // more would be rounded to 1,024
  while (amount >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return { amount, unit };
}

function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds)) return NOTHING;
  const total = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(total / MINUTE) % 60;
  const hours = Math.floor(total / HOUR);
  const rest = two(total % MINUTE);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

interface UnitFormats {
  second: Intl.NumberFormat;
  minute: Intl.NumberFormat;
  hour: Intl.NumberFormat;
  day: Intl.NumberFormat;
}

function unitFormats(locale: string): UnitFormats {
  const of = (unit: string): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 });
  return { second: of('second'), minute: of('minute'), hour: of('hour'), day: of('day') };
}

function formatEta(seconds: number, units: UnitFormats): string {
  if (!Number.isFinite(seconds)) return NOTHING;
  const total = Math.max(0, seconds);
  // seconds in steps of five: a figure that changes all the time is hard to read
  if (total < 57.5) return units.second.format(total < 10 ? Math.ceil(total) : Math.round(total / 5) * 5);
  const minutes = Math.round(total / MINUTE);
  if (minutes < 60) return units.minute.format(minutes);
  if (minutes < 24 * 60) return join(units.hour, Math.floor(minutes / 60), units.minute, minutes % 60);
  const hours = Math.round(total / HOUR);
  return join(units.day, Math.floor(hours / 24), units.hour, hours % 24);
}

function join(large: Intl.NumberFormat, amount: number, small: Intl.NumberFormat, rest: number): string {
  return rest === 0 ? large.format(amount) : `${large.format(amount)} ${small.format(rest)}`;
}

/** A space between figures and Chinese words, as everywhere else in the app. */
function spaceOut(text: string): string {
  return text.replaceAll(/(\d)(\p{Script=Han})/gu, '$1 $2');
}

function formatAgo(seconds: number, relative: Intl.RelativeTimeFormat): string {
  if (!Number.isFinite(seconds)) return NOTHING;
  const past = Math.max(0, seconds);
  if (past < MINUTE) return relative.format(-Math.floor(past), 'second');
  if (past < HOUR) return relative.format(-Math.floor(past / MINUTE), 'minute');
  if (past < DAY) return relative.format(-Math.floor(past / HOUR), 'hour');
  return relative.format(-Math.floor(past / DAY), 'day');
}

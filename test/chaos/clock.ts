import { existsSync, globSync } from 'node:fs';

/** How a program's clock differs from that of the machine, which is never changed. */
export type ClockShift = 'right' | 'a year ahead' | '1970' | 'an hour ahead' | 'an hour behind';

const OFFSETS: Record<Exclude<ClockShift, 'right'>, string> = {
  'a year ahead': '+365d',
  '1970': '@1970-01-02 00:00:00',
  'an hour ahead': '+1h',
  'an hour behind': '-1h',
};
export const WRONG_CLOCKS = Object.keys(OFFSETS) as (keyof typeof OFFSETS)[]; // Object.keys widens to string[]

/** Debian's package `faketime` brings it; undefined where it is not installed. */
const LIBRARY = globSync('/usr/lib/*/faketime/libfaketime.so.1').find((file) => existsSync(file));

export const canShiftClocks = LIBRARY !== undefined;

/** What starts a program with another clock; its timers and timeouts are left alone. */
export function clockEnvironment(shift: ClockShift): Record<string, string> {
  if (shift === 'right') return {};
  if (LIBRARY === undefined) throw new Error('libfaketime is not installed (Debian package faketime)');
  return {
    LD_PRELOAD: LIBRARY,
    FAKETIME: OFFSETS[shift],
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}

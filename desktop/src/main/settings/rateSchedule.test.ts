import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateAt } from './rateSchedule.ts';

const NORMAL = 5_000_000;
const SCHEDULED = 1_000_000;

function settings(from: string, to: string, enabled = true) {
  return { bytesPerSecond: NORMAL, schedule: { enabled, from, to, bytesPerSecond: SCHEDULED } };
}

/** A moment of the local time on one day of June, where no clock is put forward or back. */
function at(time: string, day = 10): Date {
  const [hours, minutes, seconds = 0] = time.split(':').map(Number);
  return new Date(2025, 5, day, hours, minutes, seconds);
}

test('ignores a schedule that is off', () => {
  const rate = rateAt(settings('09:00', '18:00', false), at('12:00'));
  assert.deepEqual(rate, { bytesPerSecond: NORMAL, until: null });
});

test('applies a schedule from its start up to its end', () => {
  const expected: [string, number, Date][] = [
    ['08:59:59', NORMAL, at('09:00')],
    ['09:00', SCHEDULED, at('18:00')],
    ['17:59:59', SCHEDULED, at('18:00')],
    ['18:00', NORMAL, at('09:00', 11)],
    ['23:30', NORMAL, at('09:00', 11)],
  ];
  for (const [time, bytesPerSecond, until] of expected) {
    assert.deepEqual(rateAt(settings('09:00', '18:00'), at(time)), { bytesPerSecond, until }, time);
  }
});

test('applies a schedule across midnight', () => {
  const expected: [string, number, Date][] = [
    ['21:59', NORMAL, at('22:00')],
    ['22:00', SCHEDULED, at('06:30', 11)],
    ['00:00', SCHEDULED, at('06:30')],
    ['06:29', SCHEDULED, at('06:30')],
    ['06:30', NORMAL, at('22:00')],
  ];
  for (const [time, bytesPerSecond, until] of expected) {
    assert.deepEqual(rateAt(settings('22:00', '06:30'), at(time)), { bytesPerSecond, until }, time);
  }
});

test('applies a schedule all day where both times are equal', () => {
  assert.deepEqual(rateAt(settings('07:00', '07:00'), at('03:00')), {
    bytesPerSecond: SCHEDULED,
    until: null,
  });
});

test('the last day of a month is followed by the first of the next', () => {
  assert.deepEqual(rateAt(settings('09:00', '18:00'), at('20:00', 30)).until, new Date(2025, 6, 1, 9));
});

test('a schedule may lift the limit, or set one where there is none', () => {
  const lifted = {
    bytesPerSecond: NORMAL,
    schedule: { ...settings('09:00', '18:00').schedule, bytesPerSecond: null },
  };
  assert.equal(rateAt(lifted, at('10:00')).bytesPerSecond, null);
  assert.equal(
    rateAt({ ...settings('09:00', '18:00'), bytesPerSecond: null }, at('08:00')).bytesPerSecond,
    null,
  );
});

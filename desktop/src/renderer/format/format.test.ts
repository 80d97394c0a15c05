import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatsOf } from './format.ts';

const MB = 1024 ** 2;
const english = formatsOf('en');
const chinese = formatsOf('zh-CN');

describe('sizes', () => {
  test('have one decimal from MB on, and none from a hundred on', () => {
    const sizes = [0, 999, 1024, 15.4 * 1024, 1.25 * MB, 12.34 * MB, 345.6 * MB, 1.5 * 1024 * MB, 2048 ** 4];
    assert.deepEqual(
      sizes.map((size) => english.bytes(size)),
      ['0 B', '999 B', '1 KB', '15 KB', '1.3 MB', '12.3 MB', '346 MB', '1.5 GB', '16.0 TB'],
    );
  });

  test('never reach 1024 of a unit', () => {
    assert.equal(english.bytes(1024 * MB - 1), '1.0 GB');
    assert.equal(english.bytes(1023.9 * MB), '1.0 GB');
    assert.equal(english.bytes(1023.4 * MB), '1,023 MB');
  });

  test('that are unknown are a dash', () => {
    assert.equal(english.bytes(Number.NaN), '–');
    assert.equal(english.speed(Number.POSITIVE_INFINITY), '–');
  });

  test('per second are speeds', () => {
    assert.equal(english.speed(3.4 * MB), '3.4 MB/s');
    assert.equal(chinese.speed(3.4 * MB), '3.4 MB/s');
  });
});

describe('times', () => {
  test('a duration is shown like on a player', () => {
    assert.deepEqual(
      [0, 59.6, 245, 3845, 36_000].map((seconds) => english.duration(seconds)),
      ['0:00', '1:00', '4:05', '1:04:05', '10:00:00'],
    );
  });

  test('rounds remaining times', () => {
    const lefts = [0.2, 4, 42, 58, 200, 3599, 7800, 7200, 90_000];
    assert.deepEqual(
      lefts.map((seconds) => english.eta(seconds)),
      ['1 sec', '4 sec', '40 sec', '1 min', '3 min', '1 hr', '2 hr 10 min', '2 hr', '1 day 1 hr'],
    );
    assert.deepEqual(
      lefts.map((seconds) => chinese.eta(seconds)),
      ['1 秒', '4 秒', '40 秒', '1 分钟', '3 分钟', '1 小时', '2 小时 10 分钟', '2 小时', '1 天 1 小时'],
    );
    assert.equal(english.eta(Number.POSITIVE_INFINITY), '–');
  });

  test('formats moments in the language', () => {
    const moment = new Date(2026, 10, 24, 14, 5);
    const inYear = (year: number): number => new Date(year, 5, 1).getTime();
    assert.equal(english.date(moment.toISOString(), inYear(2027)), '24 Nov 2026');
    assert.equal(english.date(moment.toISOString(), inYear(2026)), '24 Nov');
    assert.equal(english.dateTime(moment.getTime()), '24 Nov 2026, 14:05');
    assert.equal(chinese.date(moment.toISOString(), inYear(2027)), '2026年11月24日');
    assert.equal(chinese.date(moment.toISOString(), inYear(2026)), '11月24日');
    assert.equal(chinese.dateTime(moment.getTime()), '2026年11月24日 14:05');
  });

  test('formats ages in their largest unit', () => {
    const now = Date.UTC(2026, 10, 24, 12);
    const ago = (seconds: number) => english.ago(now - seconds * 1000, now);
    assert.deepEqual([0, 40, 200, 7300, 90_000].map(ago), [
      'now',
      '40 sec. ago',
      '3 min. ago',
      '2 hr. ago',
      'yesterday',
    ]);
    assert.equal(chinese.ago(now - 200_000, now), '3 分钟前');
    assert.equal(english.ago('never'), '–');
  });
});

test('shows 100% only when finished', () => {
  assert.deepEqual(
    [-1, 0, 42.9, 99.99, 100, 120].map((value) => english.percent(value)),
    ['0%', '0%', '42%', '99%', '100%', '100%'],
  );
});

test('large counts are grouped', () => {
  assert.equal(english.count(12_345), '12,345');
});

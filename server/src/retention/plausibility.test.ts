import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksForMore, maxItems } from './plausibility.ts';

test('a run may remove a number or a share, whichever is more; after a smaller setting the share alone', () => {
  const limits = { items: 50, percent: 10 };
  assert.equal(maxItems(limits, 30, false), 50);
  assert.equal(maxItems(limits, 5_009, false), 500);
  assert.equal(maxItems(limits, 30, true), 3);
  assert.equal(maxItems(limits, 9, true), 0);
});

test('smaller settings, and a job that is turned on, ask for more', () => {
  const optIn = { isOptIn: true } as const;
  const ran = (settings: Record<string, number | null> | null) => ({ settings, finishedAt: new Date() });
  assert.equal(asksForMore(optIn, ran({ days: 365 }), { days: 1 }), true);
  assert.equal(asksForMore(optIn, ran({ days: null }), { days: 365 }), true);
  assert.equal(asksForMore(optIn, ran({ days: 30 }), { days: 30 }), false);
  assert.equal(asksForMore(optIn, ran({ days: 30 }), { days: null }), false);
  assert.equal(asksForMore({}, ran({}), { bytes: 5 }), true);
  // what never ran was off; what ran before settings were kept went by these
  assert.equal(asksForMore(optIn, { settings: null, finishedAt: null }, { days: 30 }), true);
  assert.equal(asksForMore({}, { settings: null, finishedAt: null }, { hours: 168 }), false);
  assert.equal(asksForMore(optIn, ran(null), { days: 30 }), false);
});

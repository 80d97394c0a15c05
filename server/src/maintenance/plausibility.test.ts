import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { asksForMore, limitsOf, maxItems, PLAUSIBILITY } from './plausibility.ts';

test('a run may remove a number or a share, whichever is more', () => {
  const limits = { items: 50, percent: 10 };
  assert.equal(maxItems(limits, 30), 50);
  assert.equal(maxItems(limits, 5_009), 500);
});

test('after a smaller setting every job may remove the configured share alone, however much it may otherwise', () => {
  const config = readServerConfig({ RETENTION_MAX_ITEMS: '50', RETENTION_MAX_PERCENT: '10' });
  const { stale_uploads: many, late_uploads: any, old_sources: configured } = PLAUSIBILITY;
  for (const rule of [many, any, configured]) {
    const limits = limitsOf(rule, config, true);
    assert.ok(limits);
    assert.deepEqual(
      [30, 9].map((all) => maxItems(limits, all)),
      [3, 0],
    );
  }
  assert.deepEqual(limitsOf(many, config, false), { items: 1_000, percent: 50 });
  assert.equal(limitsOf(any, config, false), null);
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClockDoubt, findOthersDoubt, type TimeEvidence } from './clockDoubt.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const at = (offsetMs: number): Date => new Date(NOW.getTime() + offsetMs);
const evidence = (changes: Partial<TimeEvidence>): TimeEvidence => ({
  before: NOW,
  now: NOW,
  lastSeen: at(-MINUTE_MS),
  database: NOW,
  store: NOW,
  ...changes,
});

test('a clock that agrees with everybody is trusted, also in a new installation and after weeks off', () => {
  assert.equal(findClockDoubt(evidence({})), null);
  assert.equal(findClockDoubt(evidence({ lastSeen: null, database: null, store: null })), null);
  assert.equal(findClockDoubt(evidence({ lastSeen: at(-29 * DAY_MS) })), null);
  // seconds between machines, and a store that took minutes to respond
  assert.equal(findClockDoubt(evidence({ lastSeen: at(2 * MINUTE_MS), store: at(-4 * MINUTE_MS) })), null);
  assert.equal(findClockDoubt(evidence({ before: at(-20 * MINUTE_MS), store: at(-20 * MINUTE_MS) })), null);
});

test('a clock that differs from what was seen before is not trusted, and says by how much', () => {
  assert.match(
    findClockDoubt(evidence({ lastSeen: at(10 * MINUTE_MS) })) ?? '',
    /ran at .*12:10:00.000Z already/,
  );
  assert.match(
    findClockDoubt(evidence({ lastSeen: at(-365 * DAY_MS) })) ?? '',
    /365 days after a server was last seen/,
  );
  const unset = new Date('1970-01-02T00:00:00Z');
  const fresh = { before: unset, now: unset, lastSeen: null, database: null, store: unset };
  assert.match(findClockDoubt(evidence(fresh)) ?? '', /says 1970-01-02T00:00:00.000Z, which cannot be/);
});

test('a clock that differs from those of database or store is not trusted, whatever an administrator says', () => {
  for (const offset of [-6 * MINUTE_MS, 6 * MINUTE_MS]) {
    assert.match(findOthersDoubt(evidence({ database: at(offset) })) ?? '', /that of the database 2026/);
    assert.match(findOthersDoubt(evidence({ store: at(offset) })) ?? '', /that of the object store 2026/);
  }
  assert.equal(findOthersDoubt(evidence({ lastSeen: at(-365 * DAY_MS) })), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farmStateOf, HEARTBEAT_MS } from './workerHealth.ts';

const now = new Date(1_000_000_000);
const seen = (heartbeatsAgo: number) => new Date(now.getTime() - heartbeatsAgo * HEARTBEAT_MS);

test('a worker that missed three heartbeats is lost, one that reported its stop is not', () => {
  assert.equal(farmStateOf({ state: 'busy', taskId: 1, lastSeenAt: seen(2.5) }, now), 'busy');
  assert.equal(farmStateOf({ state: 'busy', taskId: 1, lastSeenAt: seen(3.5) }, now), 'lost');
  assert.equal(farmStateOf({ state: 'stopped', taskId: null, lastSeenAt: seen(100) }, now), 'stopped');
});

test('a worker that takes no more is drained once its task is done', () => {
  assert.equal(farmStateOf({ state: 'draining', taskId: 7, lastSeenAt: now }, now), 'draining');
  assert.equal(farmStateOf({ state: 'draining', taskId: null, lastSeenAt: now }, now), 'drained');
  assert.equal(farmStateOf({ state: 'draining', taskId: null, lastSeenAt: seen(4) }, now), 'lost');
});

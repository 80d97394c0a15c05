import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farmStateOf, HEARTBEAT_MS } from './workerHealth.ts';

const now = new Date(1_000_000_000);
const seen = (heartbeatsAgo: number) => new Date(now.getTime() - heartbeatsAgo * HEARTBEAT_MS);

test('a worker that missed three heartbeats is lost, one that said goodbye is not', () => {
  assert.equal(farmStateOf({ state: 'busy', lastSeenAt: seen(2.5) }, now), 'busy');
  assert.equal(farmStateOf({ state: 'busy', lastSeenAt: seen(3.5) }, now), 'lost');
  assert.equal(farmStateOf({ state: 'stopped', lastSeenAt: seen(100) }, now), 'stopped');
});

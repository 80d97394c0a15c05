import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from './bufferPool.ts';

test('lends no more buffers than there may be, and the same ones again', () => {
  const pool = new BufferPool({ bufferBytes: 16, maxBuffers: 3, idleMs: 1_000 });
  const first = pool.borrow(2);
  assert.ok(first !== null);
  assert.equal(pool.borrow(2), null);
  assert.equal(pool.isScarce, true);
  pool.release(first);
  assert.equal(pool.isScarce, false);
  const again = pool.borrow(2);
  assert.deepEqual(new Set(again), new Set(first));
  assert.equal(pool.heldBytes, 32);
});

test('frees what nobody used for a while', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const pool = new BufferPool({ bufferBytes: 16, maxBuffers: 4, idleMs: 1_000 });
  const [busy, peak] = [pool.borrow(2), pool.borrow(2)];
  assert.ok(busy !== null && peak !== null);
  pool.release(busy);
  pool.release(peak);
  context.mock.timers.tick(1_000);
  const still = pool.borrow(2);
  assert.ok(still !== null);
  pool.release(still);
  assert.equal(pool.heldBytes, 64, 'all were in use since the last look');
  context.mock.timers.tick(1_000);
  assert.equal(pool.heldBytes, 32);
  context.mock.timers.tick(1_000);
  assert.equal(pool.heldBytes, 0);
});

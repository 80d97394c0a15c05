import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes } from './formatBytes.ts';

test('sizes are short', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1536), '1.5 KiB');
  assert.equal(formatBytes(5 * 1024 ** 3), '5.0 GiB');
});

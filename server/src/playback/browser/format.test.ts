import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRemaining } from './format.ts';

test('rounds the remaining time to what an estimate can say', () => {
  assert.equal(formatRemaining(4), 'a few seconds left');
  assert.equal(formatRemaining(37), 'about 40 seconds left');
  assert.equal(formatRemaining(58), 'about 1 minute left');
  assert.equal(formatRemaining(600), 'about 10 minutes left');
  assert.equal(formatRemaining(3600 + 1800), 'about 1 hour 30 minutes left');
  assert.equal(formatRemaining(3600 + 57 * 60), 'about 2 hours left');
});

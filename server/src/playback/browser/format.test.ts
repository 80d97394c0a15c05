import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRemaining } from './format.js';

test('what remains is told no more exactly than it is known', () => {
  assert.equal(describeRemaining(4), 'a few seconds left');
  assert.equal(describeRemaining(37), 'about 40 seconds left');
  assert.equal(describeRemaining(58), 'about 1 minute left');
  assert.equal(describeRemaining(600), 'about 10 minutes left');
  assert.equal(describeRemaining(3600 + 1800), 'about 1 hour 30 minutes left');
  assert.equal(describeRemaining(3600 + 57 * 60), 'about 2 hours left');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { speakTime } from './englishWords.js';

test('times are spoken without units that are zero', () => {
  assert.equal(speakTime(0), '0 seconds');
  assert.equal(speakTime(61), '1 minute 1 second');
  assert.equal(speakTime(7200), '2 hours');
});

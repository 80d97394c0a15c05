import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRemaining, formatTime, speakTime } from './format.js';

test('times are as short as they can be', () => {
  assert.equal(formatTime(3.9), '0:03');
  assert.equal(formatTime(123), '2:03');
  assert.equal(formatTime(3723), '1:02:03');
  assert.equal(formatTime(Number.NaN), '0:00');
});

test('times are spoken without units that are zero', () => {
  assert.equal(speakTime(0), '0 seconds');
  assert.equal(speakTime(61), '1 minute 1 second');
  assert.equal(speakTime(7200), '2 hours');
});

test('what remains is told no more exactly than it is known', () => {
  assert.equal(describeRemaining(4), 'a few seconds left');
  assert.equal(describeRemaining(37), 'about 40 seconds left');
  assert.equal(describeRemaining(58), 'about 1 minute left');
  assert.equal(describeRemaining(600), 'about 10 minutes left');
  assert.equal(describeRemaining(3600 + 1800), 'about 1 hour 30 minutes left');
  assert.equal(describeRemaining(3600 + 57 * 60), 'about 2 hours left');
});

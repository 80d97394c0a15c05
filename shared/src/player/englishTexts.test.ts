import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSpokenTime } from './englishTexts.ts';

test('spoken times leave out units that are zero', () => {
  assert.equal(formatSpokenTime(0), '0 seconds');
  assert.equal(formatSpokenTime(61), '1 minute 1 second');
  assert.equal(formatSpokenTime(7200), '2 hours');
});

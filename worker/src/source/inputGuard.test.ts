import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputBounds } from '../limits/inputBounds.ts';
import { guardArgs } from './inputGuard.ts';

test('every input is bounded, and decodes no picture unless one is asked for', () => {
  const bounds = '-max_streams 101 -max_pixels 1';
  assert.ok(guardArgs().join(' ').includes(bounds));
  assert.equal(inputBounds({ streamIndex: 3, maxPixels: 500 }).join(' '), `${bounds} -max_pixels:3 500`);
  assert.equal(
    inputBounds({ streamIndex: null, maxPixels: 500 }).join(' '),
    '-max_streams 101 -max_pixels 500',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageOrigins } from './pageOrigins.ts';

test('a page is stale once the origins have changed', () => {
  let current: string[] = [];
  const origins = new PageOrigins(() => current);
  current = ['https://a.example'];
  assert.equal(origins.isStale, false, 'there is no page yet');
  assert.deepEqual(origins.take(), ['https://a.example']);
  assert.equal(origins.isStale, false);
  current = [];
  assert.equal(origins.isStale, true);
  origins.take();
  assert.equal(origins.isStale, false);
});

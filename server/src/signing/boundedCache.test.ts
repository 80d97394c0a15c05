import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBoundedCache } from './boundedCache.ts';

test('evicts the least recently used entry, and the weight never exceeds the bound', () => {
  const cache = createBoundedCache<string>(10, (value) => value.length);
  cache.set('a', '1234');
  cache.set('b', '1234');
  assert.equal(cache.get('a'), '1234');
  cache.set('c', '1234');
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.get('a'), '1234');
  assert.equal(cache.calculatedSize, 8);
});

test('a replaced value counts once; one above the bound is not kept', () => {
  const cache = createBoundedCache<string>(10, (value) => value.length);
  cache.set('a', '12');
  cache.set('a', '123');
  assert.equal(cache.calculatedSize, 3);
  cache.set('b', '12345678901');
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.get('a'), '123');
  assert.equal(cache.calculatedSize, 3);
});

test('keeps a value of no weight', () => {
  const cache = createBoundedCache<string>(10, (value) => value.length);
  cache.set('a', '');
  assert.equal(cache.get('a'), '');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertObjectKey } from './objectKey.ts';

test('keys of every decent shape are allowed', () => {
  for (const key of ['a', 'raw/7/film.mp4', 'a b/ü+%2e?.mp4', '.hidden/..x', `a/${'x'.repeat(255)}`])
    assertObjectKey(key);
});

test('a key that could leave its folder or be misread is refused', () => {
  const hostile = [
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a/./b',
    'a//b',
    'a/',
    'a\\b',
    'a\0b',
    'a\nb',
    '\ud800',
    'x'.repeat(256),
    'abc/'.repeat(300),
  ];
  for (const key of hostile)
    assert.throws(() => assertObjectKey(key), { code: 'validation_failed' }, JSON.stringify(key));
});

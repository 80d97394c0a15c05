import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowsRange, evaluateConditions } from './conditions.ts';

const etag = 'd41d8cd98f00b204e9800998ecf8427e-2';
const object = { etag, lastModified: new Date('2026-03-01T10:00:00.700Z') };
const AT = 'Sun, 01 Mar 2026 10:00:00 GMT';
const BEFORE = 'Sun, 01 Mar 2026 09:59:59 GMT';
const AFTER = 'Sun, 01 Mar 2026 10:00:01 GMT';

test('If-Match compares strongly, in lists too', () => {
  const verdict = (value: string) => evaluateConditions({ 'if-match': value }, object);
  for (const value of [`"${etag}"`, etag, '*', `"other", "${etag}"`, `W/"x","${etag}"`, `"a,b", "${etag}"`])
    assert.equal(verdict(value), 'proceed', value);
  for (const value of [`W/"${etag}"`, '"other"', `"x${etag}"`, `"a,${etag},b"`, ''])
    assert.equal(verdict(value), 'failed', value);
  assert.equal(evaluateConditions({ 'if-match': '*' }, null), 'failed');
});

test('If-None-Match compares weakly, in lists too', () => {
  const verdict = (value: string) => evaluateConditions({ 'if-none-match': value }, object);
  for (const value of [`"${etag}"`, `W/"${etag}"`, '*', `"other" , W/"${etag}"`])
    assert.equal(verdict(value), 'not_modified', value);
  for (const value of ['"other"', `W/"x${etag}"`, '"a", "b"']) assert.equal(verdict(value), 'proceed', value);
  assert.equal(evaluateConditions({ 'if-none-match': '*' }, null), 'proceed');
});

test('dates count in whole seconds, and only where no tag is given', () => {
  const verdict = (headers: Record<string, string>) => evaluateConditions(headers, object);
  assert.equal(verdict({ 'if-modified-since': AT }), 'not_modified');
  assert.equal(verdict({ 'if-modified-since': AFTER }), 'not_modified');
  assert.equal(verdict({ 'if-modified-since': BEFORE }), 'proceed');
  assert.equal(verdict({ 'if-modified-since': 'yesterday' }), 'proceed');
  assert.equal(verdict({ 'if-unmodified-since': AT }), 'proceed');
  assert.equal(verdict({ 'if-unmodified-since': BEFORE }), 'failed');
  assert.equal(verdict({ 'if-unmodified-since': 'never' }), 'proceed');
  assert.equal(verdict({ 'if-none-match': '"other"', 'if-modified-since': AT }), 'proceed');
  assert.equal(verdict({ 'if-match': `"${etag}"`, 'if-unmodified-since': BEFORE }), 'proceed');
  assert.equal(verdict({ 'if-match': '"other"', 'if-none-match': `"${etag}"` }), 'failed');
});

test('If-Range takes a strong tag, or the exact date of what is older than that second', () => {
  const now = new Date('2026-03-01T10:00:09Z');
  const allowed = (value: string, at = now) => allowsRange({ 'if-range': value }, object, at);
  assert.equal(allowsRange({}, object, now), true);
  assert.equal(allowed(`"${etag}"`), true);
  assert.equal(allowed(`W/"${etag}"`), false);
  assert.equal(allowed('"other"'), false);
  assert.equal(allowed(AT), true);
  assert.equal(allowed(AFTER), false);
  assert.equal(allowed('nonsense'), false);
  assert.equal(allowed(AT, new Date('2026-03-01T10:00:00.900Z')), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiFailure, readRetryAfter, storeFailure } from './failures.ts';

const answer = (status: number, body = '', headers: Record<string, string> = {}) => ({
  status,
  body,
  headers,
});

test("the API's own error is kept", () => {
  const body = JSON.stringify({
    error: { code: 'too_large', message: 'Too large.', details: { limit: 5 }, request_id: 'r' },
  });
  const error = apiFailure(answer(413, body));
  assert.equal(error.code, 'too_large');
  assert.equal(error.message, 'Too large.');
  assert.deepEqual(error.details, { limit: 5 });
  assert.equal(error.retryable, false);
});

test('an answer that is none of the API is judged by its status', () => {
  const cases: [number, string, boolean][] = [
    [401, 'unauthorized', false],
    [404, 'not_found', false],
    [302, 'unavailable', true],
    [429, 'rate_limited', true],
    [502, 'unavailable', true],
    [504, 'unavailable', true],
  ];
  for (const [status, code, retryable] of cases) {
    const error = apiFailure(answer(status, '<html>'));
    assert.deepEqual([error.code, error.retryable], [code, retryable], `${status}`);
  }
});

test('a store may be tried again after everything but an upload that is gone, a redirect or a size', () => {
  const codes = [403, 404, 307, 400, 413, 500, 503, 507].map((status) => {
    const { code, retryable } = storeFailure(answer(status));
    return `${status} ${code} ${retryable}`;
  });
  assert.deepEqual(codes, [
    '403 signature_invalid true',
    '404 upload_gone false',
    '307 unavailable false',
    '400 internal true',
    '413 internal false',
    '500 unavailable true',
    '503 unavailable true',
    '507 insufficient_storage true',
  ]);
});

test('Retry-After is read as seconds or as a date', () => {
  const now = Date.parse('2025-01-01T00:00:00Z');
  assert.equal(readRetryAfter(answer(503, '', { 'retry-after': '12' }), now), 12);
  const date = 'Wed, 01 Jan 2025 00:00:30 GMT';
  assert.equal(readRetryAfter(answer(503, '', { 'retry-after': date }), now), 30);
  assert.equal(readRetryAfter(answer(503, '', { 'retry-after': 'soon' }), now), undefined);
  assert.equal(readRetryAfter(answer(503), now), undefined);
});

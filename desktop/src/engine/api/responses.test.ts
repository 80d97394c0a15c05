import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { apiFailure, assertPartStored, assertSuccess, isTokenRejected, readRetryAfter } from './responses.ts';

const response = (status: number, body = '', headers: Record<string, string> = {}) => ({
  status,
  body,
  headers,
});

const S3 = (code: string) => `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>m</Message></Error>`;
const OWN = (code: string) => JSON.stringify({ error: { code, message: 'm', request_id: 'r' } });

test("the API's own error is kept", () => {
  const body = JSON.stringify({
    error: { code: 'too_large', message: 'Too large.', details: { limit: 5 }, request_id: 'r' },
  });
  const error = apiFailure(response(413, body));
  assert.equal(error.code, 'too_large');
  assert.equal(error.message, 'Too large.');
  assert.deepEqual(error.details, { limit: 5 });
  assert.equal(error.retryable, false);
});

test('keeps a code of a later version as final as its status', () => {
  const body = JSON.stringify({ error: { code: 'of_later', message: 'No.', request_id: 'r' } });
  for (const [status, code] of [
    [403, 'forbidden'],
    [404, 'not_found'],
    [422, 'validation_failed'],
  ] as const) {
    const error = apiFailure(response(status, body));
    assert.deepEqual([error.code, error.message, error.retryable], [code, 'No.', false]);
  }
});

test("treats responses that are not the API's as temporary", () => {
  const cases: [number, string, boolean][] = [
    [302, 'intercepted', true],
    [400, 'intercepted', true],
    [401, 'intercepted', true],
    [403, 'intercepted', true],
    [404, 'intercepted', true],
    [413, 'intercepted', true],
    [429, 'rate_limited', true],
    [502, 'unavailable', true],
    [504, 'unavailable', true],
  ];
  for (const [status, code, retryable] of cases) {
    const error = apiFailure(response(status, '<html>'));
    assert.deepEqual([error.code, error.retryable], [code, retryable], `${status}`);
  }
  assert.equal(isTokenRejected(response(401, '<html>')), false);
  assert.equal(isTokenRejected(response(401, OWN('unauthorized'))), true);
});

test('rejects a page with a success status', () => {
  assert.throws(() => assertSuccess(response(200, '<html>Sign in</html>')), { code: 'intercepted' });
  assert.throws(() => assertSuccess(response(200)), { code: 'intercepted' });
  assertSuccess(response(204));
  assertSuccess(response(200, '{}'));
  assert.throws(() => assertPartStored(response(200, '<html>Sign in</html>')), { code: 'intercepted' });
  assertPartStored(response(200));
});

test('accepts final upload errors only from the store', () => {
  const outcomes = (body: (code: string) => string) =>
    [403, 404, 307, 400, 413, 500, 503, 507].map((status) => {
      try {
        assertPartStored(response(status, body('Other')));
      } catch (error) {
        assert.ok(error instanceof ReelmillError);
        return `${status} ${error.code} ${error.retryable}`;
      }
      return status;
    });
  const final = [
    '403 signature_invalid true',
    '404 upload_gone false',
    '307 intercepted true',
    '400 internal true',
    '413 internal false',
    '500 unavailable true',
    '503 unavailable true',
    '507 insufficient_storage true',
  ];
  assert.deepEqual(outcomes(S3), final);
  assert.deepEqual(outcomes(OWN), final);
  // a limit of a proxy stays what it is
  const temporary = final.map((line) =>
    line.replace(/^(4..) \S+ \S+/, (_, status) => `${status} intercepted ${status !== '413'}`),
  );
  assert.deepEqual(
    outcomes(() => ''),
    temporary,
  );
  assert.deepEqual(
    outcomes(() => '<html><body>Error Code 404</body></html>'),
    temporary,
  );
  for (const body of [S3('BadDigest'), OWN('checksum_mismatch')]) {
    assert.throws(() => assertPartStored(response(400, body)), { code: 'network', retryable: true });
  }
});

test('reads Retry-After as seconds or as a date', () => {
  const now = Date.parse('2025-01-01T00:00:00Z');
  assert.equal(readRetryAfter(response(503, '', { 'retry-after': '12' }), now), 12);
  const date = 'Wed, 01 Jan 2025 00:00:30 GMT';
  assert.equal(readRetryAfter(response(503, '', { 'retry-after': date }), now), 30);
  assert.equal(readRetryAfter(response(503, '', { 'retry-after': 'soon' }), now), undefined);
  assert.equal(readRetryAfter(response(503), now), undefined);
});

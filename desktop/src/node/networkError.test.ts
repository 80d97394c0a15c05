import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toNetworkError } from './networkError.ts';

const URL_WITH_SIGNATURE = 'https://videos.example.com:8443/store/x?signature=secret';
const failure = (code?: string) =>
  toNetworkError(Object.assign(new Error('raw'), code === undefined ? {} : { code }), URL_WITH_SIGNATURE);

test('distinguishes an invalid certificate from a network that is down', () => {
  const expired = failure('CERT_HAS_EXPIRED');
  assert.equal(expired.code, 'certificate_invalid');
  assert.equal(expired.message, 'The certificate of videos.example.com:8443 is not trusted: it has expired.');
  assert.equal(failure('DEPTH_ZERO_SELF_SIGNED_CERT').code, 'certificate_invalid');
  assert.equal(failure('ERR_TLS_CERT_ALTNAME_INVALID').code, 'certificate_invalid');
  assert.equal(failure('ECONNREFUSED').code, 'network');
});

test('names the host and the reason, and no signature', () => {
  const codes = [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EHOSTUNREACH',
    'ETIMEDOUT',
    'EPIPE',
    'EPROTO',
    'E_ODD',
    undefined,
  ];
  const messages = codes.map((code) => failure(code).message);
  assert.equal(new Set(messages).size, codes.length);
  for (const message of messages) {
    assert.match(message, /videos\.example\.com/);
    assert.doesNotMatch(message, /signature|secret|undefined/);
  }
  assert.equal(failure('ECONNREFUSED').message, 'The connection to videos.example.com:8443 was refused.');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimedMd5, plainEtag } from './storeEtag.ts';

const MD5 = '9e107d9d372bb6826bd81d3542a419d6';

test('reads an ETag through what proxies add to it', () => {
  for (const text of [MD5, `"${MD5}"`, `W/"${MD5}"`, `"${MD5}-gzip"`, `W/"${MD5}--gzip"`, `"${MD5};br"`]) {
    assert.equal(plainEtag(text), MD5, text);
  }
  assert.equal(plainEtag(`"${MD5}-12"`), `${MD5}-12`);
  assert.equal(plainEtag(undefined), undefined);
  assert.equal(plainEtag('""'), undefined);
});

test('takes only that for a claimed MD5 which can be one', () => {
  assert.equal(claimedMd5({ etag: `W/"${MD5}-gzip"` }), MD5);
  assert.equal(claimedMd5({ etag: `"${MD5}"`, 'x-amz-server-side-encryption': 'AES256' }), MD5);
  const others = [
    {},
    { etag: '"of-a-proxy"' },
    { etag: `"${MD5}-3"` },
    { etag: `"${MD5}"`, 'x-amz-server-side-encryption': 'aws:kms' },
    { etag: `"${MD5}"`, 'x-amz-server-side-encryption': 'aws:kms:dsse' },
    { etag: `"${MD5}"`, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
  ];
  for (const headers of others) assert.equal(claimedMd5(headers), null, JSON.stringify(headers));
});

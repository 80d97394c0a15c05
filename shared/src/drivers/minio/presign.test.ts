import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presignUrl } from './presign.ts';

// the example of the S3 documentation, "Authenticating Requests: Using Query Parameters"
const SIGNER = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const REQUEST = {
  method: 'GET',
  origin: 'https://examplebucket.s3.amazonaws.com',
  path: '/test.txt',
  query: {},
  headers: {},
};
const WHEN = { expiresSeconds: 86_400, now: new Date('2013-05-24T00:00:00.000Z') };

test('signs the documented example with the documented signature', () => {
  const url = new URL(presignUrl(REQUEST, SIGNER, WHEN));
  assert.equal(
    url.searchParams.get('X-Amz-Signature'),
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  );
  assert.equal(url.searchParams.get('X-Amz-SignedHeaders'), 'host');
});

test('names every signed header, and signs its value', () => {
  const sign = (length: string) =>
    new URL(presignUrl({ ...REQUEST, method: 'PUT', headers: { 'content-length': length } }, SIGNER, WHEN));
  assert.equal(sign('10').searchParams.get('X-Amz-SignedHeaders'), 'content-length;host');
  assert.notEqual(
    sign('10').searchParams.get('X-Amz-Signature'),
    sign('11').searchParams.get('X-Amz-Signature'),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLinkSigner, linkExpiry } from './signedLinks.ts';

const now = 1_800_000_000_000;
const signer = createLinkSigner('a secret that is long enough for this', () => now);
const soon = now / 1000 + 60;

const queryOf = (text: string) => Object.fromEntries(new URLSearchParams(text));

test('a signature is good for its video, its name and its time only', () => {
  const query = queryOf(signer.sign(7, '720p.m3u8', soon));
  assert.equal(signer.verify(7, '720p.m3u8', query), 'valid');
  assert.equal(signer.verify(8, '720p.m3u8', query), 'invalid');
  assert.equal(signer.verify(7, '1080p.m3u8', query), 'invalid');
  assert.equal(signer.verify(7, '720p.m3u8', { ...query, expires: String(soon + 1) }), 'invalid');
});

test('a signature of another secret is refused', () => {
  const other = createLinkSigner('another secret of another installation', () => now);
  assert.equal(signer.verify(7, 'watch', queryOf(other.sign(7, 'watch', soon))), 'invalid');
});

test('an expired link is told apart from a wrong one', () => {
  const past = queryOf(signer.sign(7, 'watch', now / 1000));
  assert.equal(signer.verify(7, 'watch', past), 'expired');
  assert.equal(signer.verify(7, 'watch', { ...past, signature: 'AAAA' }), 'invalid');
});

test('no query at all is absent, half or strange ones are invalid', () => {
  const { signature } = queryOf(signer.sign(7, 'watch', soon));
  assert.equal(signer.verify(7, 'watch', {}), 'absent');
  assert.equal(signer.verify(7, 'watch', { signature }), 'invalid');
  assert.equal(signer.verify(7, 'watch', { expires: ['1', '2'], signature }), 'invalid');
  assert.equal(signer.verify(7, 'watch', { expires: `${soon}.0`, signature }), 'invalid');
});

test('links live between three quarters of the TTL and the whole TTL, and agree within a quarter', () => {
  const ttl = 3600;
  const ends = new Set<number>();
  for (let second = 0; second < 900; second += 1) {
    const lifetime = linkExpiry(now + second * 1000, ttl) - (now / 1000 + second);
    assert.ok(lifetime >= 2700 && lifetime <= 3600, `lifetime ${lifetime}`);
    ends.add(linkExpiry(now + second * 1000, ttl));
  }
  assert.ok(ends.size <= 2);
});

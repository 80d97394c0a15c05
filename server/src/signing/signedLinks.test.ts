import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createLinkSigner, linkExpiry } from './signedLinks.ts';

const now = 1_800_000_000_000;
const signer = createLinkSigner('a secret that is long enough for this', () => now);
const soon = now / 1000 + 60;
const film = { id: 7, linkVersion: 0 };

const queryOf = (text: string) => Object.fromEntries(new URLSearchParams(text));

test('a signature is valid for its video, its name and its time only', () => {
  const query = queryOf(signer.sign(film, '720p.m3u8', soon));
  assert.equal(signer.verify(film, '720p.m3u8', query), 'valid');
  assert.equal(signer.verify({ ...film, id: 8 }, '720p.m3u8', query), 'invalid');
  assert.equal(signer.verify(film, '1080p.m3u8', query), 'invalid');
  assert.equal(signer.verify(film, '720p.m3u8', { ...query, expires: String(soon + 1) }), 'invalid');
});

test('a new link version revokes every signature', () => {
  const query = queryOf(signer.sign({ ...film, linkVersion: 5 }, 'watch', soon));
  assert.equal(signer.verify({ ...film, linkVersion: 5 }, 'watch', query), 'valid');
  for (const linkVersion of [0, 6, 55]) {
    assert.equal(signer.verify({ ...film, linkVersion }, 'watch', query), 'invalid');
  }
});

test('a link of a release without versions is valid until the first revocation', () => {
  const secret = 'a secret that is long enough for this';
  const signature = createHmac('sha256', secret).update(`7\nwatch\n${soon}`).digest('base64url');
  const query = { expires: String(soon), signature };
  assert.equal(signer.verify(film, 'watch', query), 'valid');
  assert.equal(signer.verify({ ...film, linkVersion: 1 }, 'watch', query), 'invalid');
});

test('rejects a signature of another secret', () => {
  const other = createLinkSigner('another secret of another installation', () => now);
  assert.equal(signer.verify(film, 'watch', queryOf(other.sign(film, 'watch', soon))), 'invalid');
});

test('distinguishes an expired link from an invalid one', () => {
  const past = queryOf(signer.sign(film, 'watch', now / 1000));
  assert.equal(signer.verify(film, 'watch', past), 'expired');
  assert.equal(signer.verify(film, 'watch', { ...past, signature: 'AAAA' }), 'invalid');
});

test('an empty query is absent, an incomplete or malformed one is invalid', () => {
  const { signature } = queryOf(signer.sign(film, 'watch', soon));
  assert.equal(signer.verify(film, 'watch', {}), 'absent');
  assert.equal(signer.verify(film, 'watch', { signature }), 'invalid');
  assert.equal(signer.verify(film, 'watch', { expires: ['1', '2'], signature }), 'invalid');
  assert.equal(signer.verify(film, 'watch', { expires: `${soon}.0`, signature }), 'invalid');
});

test('links live between three quarters of the TTL and the whole TTL, and are equal within a quarter', () => {
  const ttl = 3600;
  const ends = new Set<number>();
  for (let second = 0; second < 900; second += 1) {
    const lifetime = linkExpiry(now + second * 1000, ttl) - (now / 1000 + second);
    assert.ok(lifetime >= 2700 && lifetime <= 3600, `lifetime ${lifetime}`);
    ends.add(linkExpiry(now + second * 1000, ttl));
  }
  assert.ok(ends.size <= 2);
});

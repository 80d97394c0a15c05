import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { newLinkToken } from './linkTokens.ts';
import { createPlaybackUrls } from './playbackUrls.ts';

const DAY_MS = 24 * 3600 * 1000;
const NOW = 1_800_000_000_000;

function urlsOf({ publicUrl = 'http://api', storeUrl = 'http://store', legacyUnlistedDays = 30 } = {}) {
  const signGet: ObjectStore['signGet'] = async (key, { audience }) => `${storeUrl}/${key}?for=${audience}`;
  const store = { signGet } as ObjectStore; // nothing else of a store is used here
  const options = { publicUrl, secret: 'secret', ttlSeconds: 3600, legacyUnlistedDays, store };
  return createPlaybackUrls({ ...options, now: () => NOW });
}

const film = { id: 7, linkVersion: 0, linkToken: null, legacyLinkSince: null } as const;
const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

test('media origins are the public addresses of the API and the store', async () => {
  const mediaOrigins = (publicUrl: string, storeUrl: string) =>
    urlsOf({ publicUrl, storeUrl }).mediaOrigins();
  assert.deepEqual(
    await mediaOrigins('https://videos.example.com/reelmill', 'https://s3.example.com:9000/b'),
    ['https://videos.example.com', 'https://s3.example.com:9000'],
  );
  assert.deepEqual(await mediaOrigins('http://localhost:8080', 'http://localhost:8080/store'), [
    'http://localhost:8080',
  ]);
});

test('a token has 144 random bits and opens the page of its unlisted video, nothing else', () => {
  const urls = urlsOf();
  const linkToken = newLinkToken();
  assert.match(linkToken, /^[\w-]{24}$/);
  assert.notEqual(newLinkToken(), linkToken);
  const unlisted = { ...film, visibility: 'unlisted', linkToken } as const;
  const query = queryOf(urls.watchUrl(unlisted));
  assert.deepEqual(query, { token: linkToken });
  assert.equal(urls.verify(unlisted, 'watch', query), 'valid');
  assert.equal(urls.verify(unlisted, '720p.m3u8', query), 'invalid');
  assert.equal(urls.verify({ ...unlisted, visibility: 'private' }, 'watch', query), 'invalid');
  assert.equal(urls.verify({ ...unlisted, linkToken: newLinkToken() }, 'watch', query), 'invalid');
});

test('rejects whatever is not the token, also for a video without one', () => {
  const urls = urlsOf();
  for (const linkToken of [null, newLinkToken()]) {
    const unlisted = { ...film, visibility: 'unlisted', linkToken } as const;
    for (const token of ['', 'null', linkToken?.slice(1) ?? 'x', `${linkToken ?? ''}=`]) {
      assert.equal(urls.verify(unlisted, 'watch', { token }), 'invalid', token);
    }
    assert.equal(urls.verify(unlisted, 'watch', { token: [linkToken] }), 'absent');
    assert.equal(urls.verify(unlisted, 'watch', {}), 'absent');
  }
});

test('the signed link of a private video stays valid when the video becomes unlisted', () => {
  const urls = urlsOf();
  const signed = queryOf(urls.watchUrl({ ...film, visibility: 'private' }));
  assert.equal(
    urls.verify({ ...film, visibility: 'unlisted', linkToken: newLinkToken() }, 'watch', signed),
    'valid',
  );
  // a server of an earlier version set no token: its owner still gets a link that works
  assert.match(urls.watchUrl({ ...film, visibility: 'unlisted' }), /\?expires=\d+&signature=/);
});

test('the number alone opens a video that was unlisted before the upgrade, for a number of days', () => {
  const urls = urlsOf({ legacyUnlistedDays: 30 });
  const upgradedBefore = (days: number) => new Date(NOW - days * DAY_MS);
  const unlisted = { visibility: 'unlisted', legacyLinkSince: upgradedBefore(29) } as const;
  assert.equal(urls.legacyLinkUntil(unlisted)?.getTime(), NOW + DAY_MS);
  assert.equal(urls.isOpenByNumber(unlisted), true);
  assert.equal(urls.isOpenByNumber({ ...unlisted, legacyLinkSince: upgradedBefore(30) }), false);
  assert.equal(urls.isOpenByNumber({ ...unlisted, legacyLinkSince: null }), false);
  assert.equal(urls.isOpenByNumber({ ...unlisted, visibility: 'private' }), false);
  assert.equal(urls.isOpenByNumber({ ...unlisted, visibility: 'public' }), true);
  assert.equal(urlsOf({ legacyUnlistedDays: 0 }).isOpenByNumber(unlisted), false);
});

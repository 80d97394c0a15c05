import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { guestVideoDetailSchema, videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { createPlaybackUrls } from '../../server/src/signing/playbackUrls.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

describe('playback over HTTP', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let owner: ApiUser;
  let stranger: ApiUser;
  let online: number;

  before(async () => {
    server = await startTestServer();
    api = await DocumentedApi.of(server.url);
    owner = await api.signUp('owner');
    stranger = await api.signUp('stranger');
    online = await uploadSomething(owner, { title: 'A <b>film</b>' });
    await (await PretendTranscode.plan(server.context, online)).publish();
  });
  after(() => server?.stop());

  const detailOf = async (user: ApiUser, id: number) =>
    (await user.call('GET', `/videos/${id}`)).as(videoDetailSchema);
  /** The path below `/api/v1`, with its query. */
  const pathOf = (url: string | null) => {
    assert.ok(url);
    assert.ok(url.startsWith(`${server.url}/api/v1`), url);
    return url.slice(`${server.url}/api/v1`.length);
  };
  const get = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { headers });
  /** What the server itself would have signed so long ago that it has expired. */
  const expiredUrls = () => {
    const { secrets, store } = server.context;
    const now = () => Date.now() - 30 * 24 * 3600 * 1000;
    return createPlaybackUrls({
      publicUrl: server.url,
      secret: secrets.playbackUrls,
      ttlSeconds: 60,
      legacyUnlistedDays: 30,
      store,
      now,
    });
  };

  test('a signed playlist needs no token, and has a cache lifetime', async () => {
    const { video } = await detailOf(owner, online);
    const response = await get(pathOf(video.playback_url));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), PLAYLIST_TYPE);
    assert.match(response.headers.get('cache-control') ?? '', /^private, max-age=\d+$/);
    const again = await fetch(video.playback_url ?? '', {
      headers: { 'If-None-Match': response.headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' },
    });
    assert.equal(again.status, 304);
  });

  test('every source plays by itself', async () => {
    const { sources } = await detailOf(owner, online);
    assert.deepEqual(
      sources.map((source) => source.quality),
      ['720p', '480p', '360p', '240p'],
    );
    for (const { url, quality } of sources) {
      const response = await get(pathOf(url));
      assert.equal(response.status, 200);
      assert.match(response.text, /TYPE=AUDIO/);
      assert.match(response.text, new RegExp(`/${quality}\\.m3u8\\?`));
    }
  });

  test('the storyboard is WebVTT with URLs that exist', async () => {
    const { video } = await detailOf(owner, online);
    const response = await get(pathOf(video.storyboard_url));
    assert.equal(response.status, 200);
    const [, picture = ''] = /^(\S+)#xywh/m.exec(response.text) ?? [];
    assert.equal((await fetch(picture)).status, 200);
  });

  test('a signature is valid for its own name only, and expires', async () => {
    const { video } = await detailOf(owner, online);
    const query = new URL(video.playback_url ?? '').search;
    const refused = await get(`/videos/${online}/hls/720p.m3u8${query}`);
    assert.equal(refused.status, 403);
    assert.equal(refused.error.code, 'signature_invalid');
    const expired = await get(pathOf(expiredUrls().playbackUrl({ ...video, ...rowFacts(online) })));
    assert.equal(expired.status, 403);
    assert.match(expired.error.message, /expired/);
  });

  test('without a signature a private video is for its owner only', async () => {
    const path = `/videos/${online}/hls/master.m3u8`;
    assert.equal((await get(path)).error.code, 'not_found');
    assert.equal((await stranger.call('GET', path)).error.code, 'not_found');
    assert.equal((await owner.call('GET', path)).status, 200);
  });

  test('an unlisted video is visible with its link', async () => {
    const id = await uploadSomething(owner);
    await (await PretendTranscode.plan(server.context, id)).publish();
    await owner.call('PATCH', `/videos/${id}`, { body: { visibility: 'unlisted' } });
    assert.equal((await get(`/videos/${id}/hls/master.m3u8`)).error.code, 'not_found');
    const { video } = await detailOf(owner, id);
    const { origin, pathname, search } = new URL(video.watch_url);
    assert.equal(origin + pathname, `${server.url}/watch/${id}`);
    assert.match(search, /^\?token=[\w-]{24}$/);
    assert.equal((await fetch(video.watch_url)).status, 200);
    const guest = (await get(`/videos/${id}${search}`)).as(guestVideoDetailSchema);
    assert.equal((await get(pathOf(guest.video.playback_url))).status, 200);
  });

  test('an EVENT playlist is never cached', async () => {
    const id = await uploadSomething(owner);
    const transcode = await PretendTranscode.plan(server.context, id);
    await transcode.finish('encode');
    const response = await owner.call('GET', `/videos/${id}/hls/master.m3u8`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  test('a video that cannot be played has an error with the reason', async () => {
    const id = await uploadSomething(owner);
    const path = `/videos/${id}/hls/master.m3u8`;
    assert.equal((await owner.call('GET', path)).error.code, 'state_conflict');
    await owner.call('POST', `/videos/${id}/cancel`);
    const canceled = await owner.call('GET', path);
    assert.equal(canceled.status, 409);
    assert.match(canceled.error.message, /canceled/);
    await owner.call('DELETE', `/videos/${id}`);
    assert.equal((await owner.call('GET', path)).error.code, 'not_found');
    assert.equal((await owner.call('GET', `/videos/${online}/hls/9.m3u8`)).error.code, 'validation_failed');
    assert.equal((await owner.call('GET', `/videos/${online}/hls/144p.m3u8`)).error.code, 'not_found');
  });

  test('the link of a private watch page lets a guest see the video and follow it, but not renew the link', async () => {
    const { video } = await detailOf(owner, online);
    const { search } = new URL(video.watch_url);
    assert.notEqual(search, '');
    const response = await get(`/videos/${online}${search}`);
    const guest = response.as(guestVideoDetailSchema);
    assert.ok(!response.text.includes(search), 'the response contains the link');
    assert.ok(guest.video.playback_url);
    const events = await get(`/videos/${online}/events${search}`);
    assert.match(events.text, /"status":"online"/);
    assert.ok(!events.text.includes(search), 'the event stream hands the link out');
    const other = await uploadSomething(owner);
    assert.equal((await get(`/videos/${other}${search}`)).error.code, 'signature_invalid');
  });

  test('the watch page escapes texts of creators, and runs only its own scripts', async () => {
    const { video } = await detailOf(owner, online);
    const response = await fetch(video.watch_url);
    const page = await response.text();
    assert.equal(response.status, 200);
    assert.match(page, /A &lt;b&gt;film&lt;\/b&gt;/);
    assert.doesNotMatch(page, /<b>film|<script(?![^>]* src=)|\son\w+=|\sstyle=/);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
    for (const [, address = ''] of page.matchAll(/(?:href|src|data-hls)="(\/assets\/[^"]+)"/g)) {
      const asset = await fetch(`${server.url}${address}`);
      await asset.arrayBuffer();
      assert.equal(asset.status, 200, address);
      assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
    }
  });

  test('the watch page of a private video looks like that of a missing one to a stranger', async () => {
    const pages = await Promise.all(
      [online, 999_999].map(async (id) => {
        const response = await fetch(`${server.url}/watch/${id}`);
        const text = (await response.text()).replace(`data-video-id="${id}"`, '');
        return { status: response.status, text };
      }),
    );
    assert.equal(pages[0]?.status, 401);
    assert.match(pages[0]?.text ?? '', /Sign in/);
    assert.ok(pages[0]?.text === pages[1]?.text && pages[0]?.status === pages[1]?.status, 'they differ');
  });

  test('an expired link to a watch page has its own message, and a wrong path is not found', async () => {
    const url = expiredUrls().watchUrl(rowFacts(online));
    const response = await fetch(url);
    assert.equal(response.status, 403);
    assert.match(await response.text(), /This link has expired/);
    assert.equal((await fetch(`${server.url}/watch/x`)).status, 404);
  });

  test('every script of the watch page is JavaScript, and so is all that it imports', async () => {
    const { video } = await detailOf(owner, online);
    const page = await (await fetch(video.watch_url)).text();
    const [, entry = ''] = /<script type="module" src="([^"]+)"/.exec(page) ?? [];
    const addresses = new Set([new URL(entry, server.url).href]);
    for (const address of addresses) {
      const response = await fetch(address);
      const script = await response.text();
      assert.equal(response.status, 200, address);
      assert.equal(response.headers.get('content-type'), 'text/javascript; charset=utf-8', address);
      assert.doesNotMatch(script, /^(?:import type|export interface|export type) /m, address);
      for (const [, name = ''] of script.matchAll(/ from '([^']+)';$/gm)) {
        addresses.add(new URL(name, address).href);
      }
    }
    assert.equal([...addresses].filter((address) => address.endsWith('/player.js')).length, 1);
    assert.ok(addresses.size > 15, `only ${addresses.size} scripts were found`);
  });
});

const rowFacts = (id: number) =>
  ({
    id,
    status: 'online',
    visibility: 'private',
    linkVersion: 0,
    linkToken: null,
    playable: true,
    coverKey: null,
    storyboardKey: null,
  }) as const;

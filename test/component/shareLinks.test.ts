import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  guestVideoDetailSchema,
  type Video,
  type Visibility,
  videoDetailSchema,
  videoListSchema,
  videoResponseSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { type ApiResponse, type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { EventReader } from '../support/eventReader.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const SECRET_NAME = 'the-secret-name-of-the-file.mp4';
const DAY_MS = 24 * 3600 * 1000;

const GUEST_VIDEO_KEYS = [
  'cover_url',
  'description',
  'duration',
  'playback_url',
  'status',
  'storyboard_url',
  'title',
];

describe('links of videos', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let owner: ApiUser;
  let stranger: ApiUser;
  let admin: ApiUser;

  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
    owner = await api.signUp('owner');
    stranger = await api.signUp('stranger');
    admin = await api.logIn(ADMIN);
  });
  after(() => server?.stop());

  const change = async (id: number, patch: object, user = owner): Promise<Video> =>
    (await user.call('PATCH', `/videos/${id}`, { body: patch })).as(videoResponseSchema).video;
  const renew = async (id: number): Promise<Video> =>
    (await owner.call('POST', `/videos/${id}/renew-link`)).as(videoResponseSchema).video;
  const own = async (id: number): Promise<Video> =>
    (await owner.call('GET', `/videos/${id}`)).as(videoDetailSchema).video;

  /** A video that waits for a worker: event streams of it stay open. */
  async function makeWaiting(visibility: Visibility, user = owner): Promise<Video> {
    const id = await uploadSomething(user, { file_name: SECRET_NAME, title: 'A film' });
    return change(id, { visibility }, user);
  }
  async function makeOnline(visibility: Visibility): Promise<Video> {
    const { id } = await makeWaiting(visibility);
    await (await PretendTranscode.plan(server.context, id)).publish();
    return own(id);
  }
  /** As the upgrade leaves a video that was unlisted before it. */
  async function makeLegacy(ageDays = 0): Promise<Video> {
    const { id } = await makeOnline('unlisted');
    const legacyLinkSince = new Date(Date.now() - ageDays * DAY_MS);
    await server.context.database.models.Video.update({ legacyLinkSince }, { where: { id } });
    return own(id);
  }
  /** The video by its link, as anybody without a login. */
  const byLink = ({ id, watch_url }: Video, below = ''): Promise<ApiResponse> =>
    api.call('GET', `/videos/${id}${below}${new URL(watch_url).search}`);
  const pageStatus = async (url: string): Promise<number> => (await fetch(url)).status;
  const fetchStatus = pageStatus;

  for (const visibility of ['private', 'unlisted', 'public'] as const) {
    test(`a guest sees of a video that is ${visibility} what watching takes, and nothing else`, async () => {
      const video = await makeOnline(visibility);
      const { search } = new URL(video.watch_url);
      const responses = [await byLink(video), await stranger.call('GET', `/videos/${video.id}${search}`)];
      const events = (await byLink(video, '/events')).text;
      const [, event = ''] = /^data: (.*)$/m.exec(events) ?? [];
      for (const text of [...responses.map(({ text }) => text), event]) {
        const detail = guestVideoDetailSchema.parse(JSON.parse(text));
        assert.deepEqual(Object.keys(JSON.parse(text)).sort(), ['sources', 'video']);
        assert.deepEqual(Object.keys(JSON.parse(text).video).sort(), GUEST_VIDEO_KEYS);
        for (const source of JSON.parse(text).sources) {
          assert.deepEqual(Object.keys(source).sort(), ['format', 'quality', 'url']);
        }
        assert.equal(detail.video.title, 'A film');
        for (const url of [detail.video.playback_url, detail.video.cover_url, detail.video.storyboard_url]) {
          assert.ok(url);
          assert.equal(await fetchStatus(url), 200, url);
        }
        assert.equal(await fetchStatus(detail.sources[0]?.url ?? ''), 200);
        assert.ok(!text.includes(SECRET_NAME));
        assert.ok(search === '' || !text.includes(search.slice(1)), 'the link is handed on');
      }
      const page = await (await fetch(video.watch_url)).text();
      assert.match(page, /A film/);
      assert.ok(!page.includes(SECRET_NAME) && !page.includes('owner@example.org'));
    });
  }

  test('a guest does not see why a video failed', async () => {
    const video = await makeWaiting('public');
    const facts = { status: 'failed', errorCode: 'encrypted', errorMessage: SECRET_NAME } as const;
    await server.context.database.models.Video.update(facts, { where: { id: video.id } });
    const seen = await byLink(video);
    assert.equal(seen.as(guestVideoDetailSchema).video.status, 'failed');
    assert.ok(!seen.text.includes(SECRET_NAME) && !seen.text.includes('encrypted'));
    assert.equal((await own(video.id)).error?.message, SECRET_NAME);
  });

  test('the link of an unlisted video carries a token of at least 128 bits, its own', async () => {
    const [one, other] = [await makeWaiting('unlisted'), await makeWaiting('unlisted')];
    const tokens = [one, other].map(({ watch_url }) => new URL(watch_url).searchParams.get('token') ?? '');
    for (const token of tokens) assert.ok(Buffer.from(token, 'base64url').length * 8 >= 128, token);
    assert.notEqual(tokens[0], tokens[1]);
    const crossed = await api.call('GET', `/videos/${one.id}?token=${tokens[1]}`);
    assert.deepEqual([crossed.status, crossed.error.code], [403, 'signature_invalid']);
    assert.equal((await change(one.id, { title: 'other' })).watch_url, one.watch_url, 'it stays');
    const { videos } = (await owner.call('GET', `/videos?ids=${one.id}`)).as(videoListSchema);
    assert.equal(videos[0]?.watch_url, one.watch_url);
  });

  test('to strangers, private and unlisted videos look like missing ones', async () => {
    const ids = [(await makeOnline('private')).id, (await makeOnline('unlisted')).id, 9_999_999];
    const paths = ['', '/events', '/hls/master.m3u8', '/hls/720p.m3u8', '/hls/master-720p.m3u8'];
    paths.push('/storyboard.vtt', '/upload');
    const links = ['', '?token=AAAAAAAAAAAAAAAAAAAAAAAA', '?expires=99999999999&signature=AAAA'];
    const addresses = [
      ...paths.flatMap((path) => links.map((link) => (id: number) => `/api/v1/videos/${id}${path}${link}`)),
      ...links.map((link) => (id: number) => `/watch/${id}${link}`),
    ];
    for (const user of [null, stranger]) {
      const headers = user === null ? {} : { Authorization: `Bearer ${user.token}` };
      for (const addressOf of addresses) {
        const responses = await Promise.all(
          ids.map(async (id) => summarize(await fetch(server.url + addressOf(id), { headers }), id)),
        );
        assert.ok(Number(responses[0]?.status) >= 400, addressOf(0));
        assert.deepEqual(responses[0], responses[2], addressOf(0));
        assert.deepEqual(responses[1], responses[2], addressOf(0));
      }
    }
    const acts: [string, string, object?][] = [
      ['PATCH', '', { title: 'mine' }],
      ['DELETE', ''],
      ...['/renew-link', '/cancel', '/retry'].map((path): [string, string] => ['POST', path]),
    ];
    for (const [method, path, body] of acts) {
      for (const id of ids) {
        const refused = await stranger.call(
          method,
          `/videos/${id}${path}`,
          body === undefined ? {} : { body },
        );
        assert.deepEqual([refused.status, refused.error.code], [404, 'not_found'], `${method} ${path} ${id}`);
      }
    }
  });

  test('runs the same queries for a video that a stranger may not see as for a missing one', async () => {
    const ids = [(await makeOnline('private')).id, (await makeWaiting('unlisted')).id, 9_999_999];
    const { sequelize } = server.context.database.models.Video;
    assert.ok(sequelize);
    const queries: string[] = [];
    sequelize.addHook('afterQuery', 'counted', (_options, query) => {
      const { sql } = query as unknown as { sql: string }; // which its type leaves out
      queries.push(sql);
    });
    try {
      for (const addressOf of [
        (id: number) => `/api/v1/videos/${id}`,
        (id: number) => `/api/v1/videos/${id}/events`,
        (id: number) => `/api/v1/videos/${id}/hls/master.m3u8?expires=99999999999&signature=AAAA`,
        (id: number) => `/watch/${id}?token=AAAAAAAAAAAAAAAAAAAAAAAA`,
      ]) {
        const asked: string[][] = [];
        for (const id of ids) {
          queries.length = 0;
          await (await fetch(server.url + addressOf(id), { headers: { Connection: 'close' } })).text();
          // what the server asks for itself names no video
          const named = new RegExp(`\\.\`id\` (= |IN \\()${id}\\b`);
          asked.push(queries.flatMap((sql) => (named.test(sql) ? [sql.replaceAll(String(id), '?')] : [])));
        }
        assert.equal(asked[2]?.length, 1, addressOf(0));
        assert.deepEqual(asked[0], asked[2]);
        assert.deepEqual(asked[1], asked[2]);
      }
    } finally {
      sequelize.removeHook('afterQuery', 'counted');
    }
  });

  test('a new link of an unlisted video revokes the old one at once, everywhere', async () => {
    const old = await makeWaiting('unlisted');
    const search = new URL(old.watch_url).search;
    const guest = await EventReader.open(`${server.url}/api/v1/videos/${old.id}/events${search}`);
    const watching = await EventReader.open(`${server.url}/api/v1/videos/${old.id}/events`, owner.token);
    await Promise.all([guest.next(), watching.next()]);
    const renewed = await renew(old.id);
    assert.notEqual(renewed.watch_url, old.watch_url);
    assert.equal(await guest.next(), null, 'the stream of the guest ends');
    assert.equal(videoDetailSchema.parse(await watching.next()).video.watch_url, renewed.watch_url);
    await watching.close();
    assert.equal((await byLink(old)).error.code, 'signature_invalid');
    assert.equal((await byLink(old, '/events')).error.code, 'signature_invalid');
    assert.equal(await pageStatus(old.watch_url), 401);
    assert.equal((await byLink(renewed)).status, 200);
    assert.equal(await pageStatus(renewed.watch_url), 200);
  });

  for (const visibility of ['private', 'unlisted'] as const) {
    test(`a new link of a video that is ${visibility} ends its signed playlists too; the new ones play`, async () => {
      const old = await makeOnline(visibility);
      const { video, sources } = (await byLink(old)).as(guestVideoDetailSchema);
      const master = await (await fetch(video.playback_url ?? '')).text();
      const [rendition = ''] = /^http.*720p\.m3u8.*$/m.exec(master) ?? [];
      const signed = [video.playback_url, video.storyboard_url, sources[0]?.url, rendition].map(
        (url) => url ?? '',
      );
      for (const url of signed) assert.equal(await fetchStatus(url), 200, url);
      const renewed = await renew(old.id);
      for (const url of signed) assert.equal(await fetchStatus(url), 403, url);
      assert.equal((await byLink(old)).error.code, 'signature_invalid');
      assert.equal(await pageStatus(old.watch_url), 401);
      const again = (await byLink(renewed)).as(guestVideoDetailSchema).video;
      const newMaster = await (await fetch(again.playback_url ?? '')).text();
      const renditions = newMaster.match(/^http.*$/gm) ?? [];
      assert.ok(renditions.length > 1);
      for (const url of renditions) assert.equal(await fetchStatus(url), 200, url);
    });
  }

  test('only users who may change a video can make a new link, and a public one needs none', async () => {
    const video = await makeWaiting('unlisted');
    assert.equal((await api.call('POST', `/videos/${video.id}/renew-link`)).status, 401);
    const byGuest = await stranger.call('POST', `/videos/${video.id}/renew-link`);
    assert.deepEqual([byGuest.status, byGuest.error.code], [404, 'not_found']);
    assert.equal((await own(video.id)).watch_url, video.watch_url);
    await change(video.id, { visibility: 'public' });
    const refused = await owner.call('POST', `/videos/${video.id}/renew-link`);
    assert.deepEqual([refused.status, refused.error.code], [409, 'state_conflict']);
  });

  test('the number alone opens a video that was unlisted before the upgrade, for a number of days; its owner gets the new link', async () => {
    const legacy = await makeLegacy(29);
    assert.match(legacy.watch_url, /\?token=/);
    const until = Date.parse(legacy.legacy_link_until ?? '');
    assert.ok(Math.abs(until - Date.now() - DAY_MS) < 60_000);
    const seen = await api.call('GET', `/videos/${legacy.id}`);
    assert.deepEqual(Object.keys(JSON.parse(seen.text).video).sort(), GUEST_VIDEO_KEYS);
    assert.ok(!seen.text.includes('token='), 'nobody learns the token by counting');
    assert.equal((await api.call('GET', `/videos/${legacy.id}/hls/master.m3u8`)).status, 200);
    const page = await fetch(`${server.url}/watch/${legacy.id}`);
    assert.equal(page.status, 200);
    assert.ok(!(await page.text()).includes(new URL(legacy.watch_url).searchParams.get('token') ?? '-'));
    const past = await makeLegacy(31);
    assert.equal(past.legacy_link_until, null);
    assert.equal((await api.call('GET', `/videos/${past.id}`)).error.code, 'not_found');
    assert.equal(await pageStatus(`${server.url}/watch/${past.id}`), 401);
    assert.equal((await byLink(past)).status, 200);
  });

  test('a new link, or another visibility, revokes the link by number for good', async () => {
    for (const act of [
      (id: number) => renew(id),
      async (id: number) => {
        await change(id, { visibility: 'private' });
        return change(id, { visibility: 'unlisted' });
      },
    ]) {
      const { id } = await makeLegacy();
      assert.equal((await api.call('GET', `/videos/${id}`)).status, 200);
      assert.equal((await act(id)).legacy_link_until, null);
      assert.equal((await api.call('GET', `/videos/${id}`)).error.code, 'not_found');
    }
  });

  test('a change that ends the access of guests revokes all their links, playlists and streams', async () => {
    const ends: [string, (id: number) => Promise<unknown>][] = [
      ['private', (id) => change(id, { visibility: 'private' })],
      ['deleted', (id) => owner.call('DELETE', `/videos/${id}`)],
    ];
    for (const visibility of ['unlisted', 'public'] as const) {
      for (const [name, end] of ends) {
        const what = `${visibility}, then ${name}`;
        const [waiting, online] = [await makeWaiting(visibility), await makeOnline(visibility)];
        const url = `${server.url}/api/v1/videos/${waiting.id}/events${new URL(waiting.watch_url).search}`;
        const stream = await EventReader.open(url);
        await stream.next();
        const playlist = (await byLink(online)).as(guestVideoDetailSchema).video.playback_url ?? '';
        assert.equal(await fetchStatus(playlist), 200);
        for (const video of [waiting, online]) {
          await end(video.id);
          assert.ok((await byLink(video)).status >= 403, what);
          assert.equal(await pageStatus(video.watch_url), 401, what);
        }
        assert.equal(await stream.next(), null, what);
        assert.ok((await fetchStatus(playlist)) >= 403, what);
      }
    }
  });

  test('videos of a disabled account cannot be watched until it is enabled again', async () => {
    const creator = await api.signUp('creator');
    const videos = [
      await makeWaiting('private', creator),
      await makeWaiting('unlisted', creator),
      await makeWaiting('public', creator),
    ];
    const streams = await Promise.all(
      videos.map(({ id, watch_url }) =>
        EventReader.open(`${server.url}/api/v1/videos/${id}/events${new URL(watch_url).search}`),
      ),
    );
    for (const stream of streams) await stream.next();
    const setDisabled = (disabled: boolean) =>
      admin.call('PATCH', `/admin/users/${creator.userId}`, { body: { disabled } });
    assert.equal((await setDisabled(true)).status, 200);
    for (const stream of streams) assert.equal(await stream.next(), null);
    for (const video of videos) {
      assert.equal((await byLink(video)).error.code, 'not_found', video.visibility);
      assert.equal(await pageStatus(video.watch_url), 401, video.visibility);
      assert.equal((await admin.call('GET', `/videos/${video.id}`)).status, 200);
    }
    await setDisabled(false);
    for (const video of videos) assert.equal((await byLink(video)).status, 200);
  });

  test('a signed link of a private video stays valid when the video is shared, and is revoked when it is private again', async () => {
    const video = await makeWaiting('private');
    for (const visibility of ['unlisted', 'public'] as const) {
      await change(video.id, { visibility });
      assert.equal((await byLink(video)).status, 200, visibility);
    }
    await change(video.id, { visibility: 'private' });
    assert.equal((await byLink(video)).error.code, 'signature_invalid');
  });

  test('an unlisted video that was public before is visible neither by its number nor by links signed then', async () => {
    const video = await makeOnline('public');
    const { playback_url } = (await byLink(video)).as(guestVideoDetailSchema).video;
    const { watch_url } = await change(video.id, { visibility: 'unlisted' });
    assert.equal((await byLink(video)).error.code, 'not_found');
    assert.equal(await fetchStatus(playback_url ?? ''), 403);
    assert.equal(await pageStatus(watch_url), 200);
  });

  test('a change of the title does not undo a concurrent change of the visibility', async () => {
    const video = await makeWaiting('public');
    const [, { visibility }] = await Promise.all([
      change(video.id, { visibility: 'private' }),
      change(video.id, { title: 'at the same time' }),
    ]);
    assert.ok(visibility);
    assert.equal((await own(video.id)).visibility, 'private');
  });

  test('links are not logged, and pages do not pass them on', async () => {
    const videos = [await makeOnline('unlisted'), await makeOnline('private')];
    for (const video of videos) {
      const { playback_url } = (await byLink(video)).as(guestVideoDetailSchema).video;
      await fetchStatus(playback_url ?? '');
      await byLink(video, '/events');
      const page = await fetch(video.watch_url);
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
      assert.match(page.headers.get('x-robots-tag') ?? '', /noindex/);
      assert.match(await page.text(), /<meta name="robots" content="noindex">/);
      await fetchStatus(`${server.url}/nowhere${new URL(video.watch_url).search}`);
    }
    const renewed = await renew(videos[0]?.id ?? 0);
    const log = server.logLines().join('\n');
    for (const { watch_url, id } of [...videos, renewed]) {
      assert.match(log, new RegExp(`"path":"/watch/${id}"`));
      for (const name of ['token', 'signature']) {
        const secret = new URL(watch_url).searchParams.get(name);
        assert.ok(secret === null || !log.includes(secret), `${name} is in the log`);
      }
    }
    assert.doesNotMatch(log, /signature=|token=/);
  });

  test('an admin who makes a new link is in the audit log, the link is not', async () => {
    const video = await makeWaiting('unlisted');
    const response = await admin.call('POST', `/videos/${video.id}/renew-link`);
    const { watch_url } = response.as(videoResponseSchema).video;
    const { text } = await admin.call('GET', '/admin/audit?limit=100');
    assert.match(text, /"video.renew_link"/);
    for (const url of [video.watch_url, watch_url]) {
      assert.ok(!text.includes(new URL(url).searchParams.get('token') ?? '-'));
    }
  });
});

test('with LEGACY_UNLISTED_DAYS=0 the number alone opens nothing after the upgrade', async () => {
  const server = await startTestServer({ env: { LEGACY_UNLISTED_DAYS: '0' } });
  try {
    const api = await DocumentedApi.of(server.url);
    const owner = await api.signUp('owner');
    const id = await uploadSomething(owner);
    await owner.call('PATCH', `/videos/${id}`, { body: { visibility: 'unlisted' } });
    await server.context.database.models.Video.update({ legacyLinkSince: new Date() }, { where: { id } });
    assert.equal((await api.call('GET', `/videos/${id}`)).error.code, 'not_found');
    const { video } = (await owner.call('GET', `/videos/${id}`)).as(videoDetailSchema);
    assert.equal(video.legacy_link_until, null);
    assert.equal((await fetch(video.watch_url)).status, 200);
  } finally {
    await server.stop();
  }
});

/** What may differ from one request to the next, however equal they are; the length is that of the number. */
const OF_ONE_REQUEST = new Set(['date', 'etag', 'x-request-id', 'ratelimit', 'content-length']);

/** All that a stranger can compare of two responses, without the requested number. */
async function summarize(response: Response, id: number) {
  const text = await response.text();
  return {
    status: response.status,
    text: text.replaceAll(`"${id}"`, '""').replace(/"request_id":"[^"]*"/, ''),
    headers: [...response.headers].filter(([name]) => !OF_ONE_REQUEST.has(name)),
  };
}

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createPlaylistService, type PlaylistService } from '../../server/src/playback/playlistService.ts';
import { listUris } from '../../server/src/playback/playlistUris.ts';
import { createPlaybackUrls, type PlaybackUrls } from '../../server/src/signing/playbackUrls.ts';
import { openFarmBench } from '../support/farmBench.ts';
import { signedByOwner, startMinio } from '../support/minio.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { waitFor } from '../support/processes.ts';

const PUBLIC_URL = 'https://videos.example.org';

type OpenStore = (cleanupStack: CleanupStack, ofBench: ObjectStore) => Promise<ObjectStore>;

testPlayback('playlists over a store on a disk', async (_, ofBench) => ofBench);

testPlayback('playlists of objects without tags', async (_, ofBench) => ofBench, { tagged: false });

testPlayback('playlists over MinIO', async (cleanupStack) => {
  const minio = await startMinio();
  cleanupStack.add('MinIO', () => minio.stop());
  const publicEndpoint = minio.endpoint;
  const options = { ...signedByOwner(minio), publicEndpoint, bucket: 'playback', region: 'us-east-1' };
  await ensureBucket(options);
  const store = createMinioStore(options);
  cleanupStack.add('store', () => store.close());
  return store;
});

/** What players are handed must be playable with nothing but the addresses in it. */
function testPlayback(name: string, openStore: OpenStore, { tagged } = { tagged: true }): void {
  describe(name, () => {
    const cleanupStack = new CleanupStack();
    let urls: PlaybackUrls;
    let playlists: PlaylistService;
    let transcode: PretendTranscode;
    let nowMs = Date.now();

    before(async () => {
      const bench = await openFarmBench();
      cleanupStack.add('bench', () => bench.close());
      const store = await openStore(cleanupStack, bench.media.store);
      const context = { ...bench.context, store };
      const now = () => nowMs;
      urls = createPlaybackUrls({
        publicUrl: PUBLIC_URL,
        secret: 'secret',
        ttlSeconds: 600,
        legacyUnlistedDays: 0,
        store,
        now,
      });
      playlists = createPlaylistService({ models: context.database.models, store, urls });
      const { id } = await bench.addVideo();
      transcode = await PretendTranscode.plan(context, id, { tagged });
    });
    after(() => cleanupStack.release());

    const read = async (playlist: string) => playlists.playlist(await transcode.video(), playlist);
    /** What is read of the tasks is kept for a second, so what has changed shows a little later. */
    const readWhen = (playlist: string, expected: RegExp) =>
      waitFor(`${playlist} to have ${expected}`, async () => {
        const { body } = await read(playlist).catch(() => ({ body: '' }));
        return expected.test(body) ? body : null;
      });

    test('nothing can be played before a first segment is there', async () => {
      await assert.rejects(read('master'), { code: 'state_conflict' });
    });

    test('the first look is one small size that grows; its segments can be had', async () => {
      await transcode.finish('encode');
      await transcode.report('audio', 2);
      const master = await readWhen('master', /TYPE=AUDIO/);
      assert.deepEqual(listUris(master).map(nameOf), ['audio.m3u8', '360p.m3u8']);
      assert.match(master, /CODECS="avc1\.64001f,mp4a\.40\.2"/);
      const { body, isEvent } = await read('360p');
      assert.equal(isEvent, true);
      assert.match(body, /#EXT-X-PLAYLIST-TYPE:EVENT/);
      assert.match(body, /#EXT-X-START:TIME-OFFSET=0/);
      assert.doesNotMatch(body, /ENDLIST/);
      assert.deepEqual(await fetchAll(body), ['init', 'segment 0 of 360p']);
      const sound = (await read('audio')).body;
      for (const list of [body, sound]) assert.match(list, /#EXT-X-TARGETDURATION:5\n/);
      assert.deepEqual(await fetchAll(sound), ['init', 'segment 0 of audio', 'segment 1 of audio']);
    });

    test('a size that is not there yet is not found', async () => {
      await assert.rejects(read('720p'), { code: 'not_found' });
      await assert.rejects(read('master-720p'), { code: 'not_found' });
    });

    test('the rest of the first chunk brings the other sizes', async () => {
      await transcode.finish('encode');
      const master = await readWhen('master', /720p/);
      assert.deepEqual(listUris(master).map(nameOf), [
        'audio.m3u8',
        '720p.m3u8',
        '480p.m3u8',
        '360p.m3u8',
        '240p.m3u8',
      ]);
    });

    test('an online video is complete, and every address in it can be had', async () => {
      const video = await transcode.publish();
      assert.equal(video.status, 'online');
      const { body: master, isEvent } = await read('master');
      assert.equal(isEvent, false);
      for (const uri of listUris(master)) {
        const { pathname, searchParams } = new URL(uri);
        assert.equal(new URL(uri).origin, PUBLIC_URL);
        const query = Object.fromEntries(searchParams);
        assert.equal(urls.verify(video, nameOf(uri), query), 'valid', pathname);
        const quality = nameOf(uri).replace('.m3u8', '');
        const { body } = await read(quality);
        assert.match(body, /#EXT-X-PLAYLIST-TYPE:VOD\n[\s\S]*#EXT-X-ENDLIST\n$/);
        const expected = [0, 1, 2, 3].map((index) => `segment ${index} of ${quality}`);
        assert.deepEqual(await fetchAll(body), ['init', ...expected]);
      }
    });

    test('one size alone still comes with its sound', async () => {
      const { body } = await read('master-480p');
      assert.deepEqual(listUris(body).map(nameOf), ['audio.m3u8', '480p.m3u8']);
      await assert.rejects(read('master-1080p'), { code: 'not_found' });
    });

    test('cover and storyboard can be had', async () => {
      const video = await transcode.video();
      const coverUrl = await urls.coverUrl(video);
      assert.ok(coverUrl);
      assert.equal(await fetchText(coverUrl), 'cover');
      const vtt = await playlists.storyboard(video);
      const [, picture] = /^(\S+)#xywh=0,0,160,90$/m.exec(vtt) ?? [];
      assert.equal(await fetchText(picture ?? ''), 'sprite');
    });

    test('the same request returns the same URLs within a window, and others after it', async () => {
      const video = await transcode.video();
      const ask = async () => ({
        master: (await read('master')).body,
        rendition: (await read('720p')).body,
        cover: await urls.coverUrl(video),
        playback: urls.playbackUrl(video),
      });
      const first = await ask();
      assert.deepEqual(await ask(), first);
      nowMs += 150_000;
      const { master, playback } = await ask();
      assert.notEqual(master, first.master);
      assert.notEqual(playback, first.playback);
    });
  });
}

const nameOf = (uri: string) => new URL(uri).pathname.split('/').at(-1) ?? '';

/** What is behind every address of a media playlist, in its order; an init segment is called so. */
function fetchAll(playlist: string): Promise<string[]> {
  return Promise.all(
    listUris(playlist).map(async (uri) => (nameOf(uri).startsWith('init') ? fetchInit(uri) : fetchText(uri))),
  );
}

async function fetchInit(uri: string): Promise<string> {
  assert.match(await fetchText(uri), /avcC/);
  return 'init';
}

async function fetchText(uri: string): Promise<string> {
  const response = await fetch(uri);
  const text = await response.text();
  assert.equal(response.status, 200, `${uri}: ${text}`);
  return text;
}

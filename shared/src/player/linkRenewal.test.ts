import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkRenewal } from './linkRenewal.ts';

const API = 'http://api/videos/1/hls';
const link = (address: string, expires: number) => `${address}?expires=${expires}&signature=${expires}`;

/** A server whose links of one moment all end together, 100 s later. */
function startScene() {
  let now = 1_000;
  const asked: string[] = [];
  const expiresAt = () => now + 100;
  const playbackUrl = () => link(`${API}/master.m3u8`, expiresAt());
  const renewal = new LinkRenewal(playbackUrl(), {
    fetchPlaybackUrl: async () => playbackUrl(),
    async fetchText(url) {
      asked.push(url);
      const at = expiresAt();
      if (url.includes('master')) {
        return `#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="${link(`${API}/audio.m3u8`, at)}"\n${link(`${API}/720p.m3u8`, at)}\n`;
      }
      return `#EXTM3U\n#EXT-X-MAP:URI="${link('http://store/init.mp4', at)}"\n#EXTINF:5,\n${link('http://store/0.m4s', at)}\n`;
    },
    now: () => now * 1000,
  });
  return { renewal, asked, wait: (seconds: number) => (now += seconds) };
}

test('links that still have time are left alone', async () => {
  const { renewal, asked } = startScene();
  assert.equal(await renewal.resolve('http://store/0.m4s?old'), 'http://store/0.m4s?old');
  assert.deepEqual(asked, []);
});

test('links about to end are replaced: of segments, of init segments and of the playlists themselves', async () => {
  const { renewal, wait } = startScene();
  await renewal.resolve(link(`${API}/720p.m3u8`, 1_100));
  wait(90);
  assert.equal(await renewal.resolve('http://store/0.m4s?old'), link('http://store/0.m4s', 1_190));
  assert.equal(await renewal.resolve('http://store/init.mp4?old'), link('http://store/init.mp4', 1_190));
  assert.equal(await renewal.resolve(link(`${API}/720p.m3u8`, 1_100)), link(`${API}/720p.m3u8`, 1_190));
});

test('only playlists that were opened are fetched, once for everybody who waits', async () => {
  const { renewal, asked, wait } = startScene();
  await renewal.resolve(link(`${API}/720p.m3u8`, 1_100));
  wait(90);
  await Promise.all([renewal.resolve('http://store/0.m4s?old'), renewal.resolve('http://store/1.m4s?old')]);
  assert.deepEqual(asked, [link(`${API}/master.m3u8`, 1_190), link(`${API}/720p.m3u8`, 1_190)]);
});

test('where the clocks disagree, fresh links that look ended do not make every request a renewal', async () => {
  const asked: string[] = [];
  const fresh = link('http://store/0.m4s', 1_100);
  const renewal = new LinkRenewal(link(`${API}/master.m3u8`, 1_000), {
    fetchPlaybackUrl: async () => link(`${API}/master.m3u8`, 1_100),
    async fetchText(url) {
      asked.push(url);
      return `#EXTM3U\n${fresh}\n`;
    },
    now: () => 5_000_000,
  });
  assert.equal(await renewal.resolve('http://store/0.m4s?old'), fresh);
  assert.equal(await renewal.resolve('http://store/0.m4s?old'), fresh);
  assert.equal(asked.length, 1);
});

test('a renewal that fails leaves the old links', async () => {
  const renewal = new LinkRenewal(link(`${API}/master.m3u8`, 1), {
    fetchPlaybackUrl: () => Promise.reject(new Error('offline')),
    fetchText: () => Promise.reject(new Error('offline')),
    now: () => 1_000_000,
  });
  assert.equal(await renewal.resolve('http://store/0.m4s?old'), 'http://store/0.m4s?old');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listUris, rewriteStoryboard, rewriteUris, selectVariants } from './playlistUris.ts';

const MEDIA = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MAP:URI="init_1.mp4"
#EXTINF:4.004000,
seg_1_00000.m4s
#EXTINF:2.002000,
seg_1_00001.m4s
#EXT-X-ENDLIST
`;

const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main, original",DEFAULT=YES,URI="hls_audio/audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="audio"
hls_720p/720p.m3u8
`;

test('the URIs of a media playlist are its init segment and its segments', () => {
  assert.deepEqual(listUris(MEDIA), ['init_1.mp4', 'seg_1_00000.m4s', 'seg_1_00001.m4s']);
});

test('the URIs of a master playlist are those of groups and variants', () => {
  assert.deepEqual(listUris(MASTER), ['hls_audio/audio.m3u8', 'hls_720p/720p.m3u8']);
});

test('replaces only URIs, and dollar signs have no special meaning', () => {
  const rewritten = rewriteUris(MASTER, (uri) => `https://store/$&/${uri}?a=1&b="`.replace('"', '%22'));
  assert.equal(
    rewritten,
    MASTER.replaceAll(/hls_\w+\/\w+\.m3u8/g, (uri) => `https://store/$&/${uri}?a=1&b=%22`),
  );
  assert.equal(
    rewriteUris(MEDIA, (uri) => uri),
    MEDIA,
  );
});

test('selecting a variant of a master playlist keeps the common audio', () => {
  const two = `${MASTER}#EXT-X-STREAM-INF:BANDWIDTH=500000,AUDIO="audio"\nhls_360p/360p.m3u8\n`;
  assert.equal(
    selectVariants(two, (uri) => uri.includes('/720p')),
    MASTER,
  );
  assert.deepEqual(listUris(selectVariants(two, () => false)), ['hls_audio/audio.m3u8']);
});

test('Windows line breaks are not part of a URI', () => {
  assert.deepEqual(listUris('#EXTM3U\r\n#EXTINF:4,\r\na.m4s\r\n'), ['a.m4s']);
});

test("a storyboard's cues keep their tiles", () => {
  const vtt = 'WEBVTT\n\n00:00.000 --> 00:05.000\nstoryboard.jpg#xywh=160,90,160,90\n';
  assert.equal(
    rewriteStoryboard(vtt, (picture) => `https://store/${picture}?s=1`),
    'WEBVTT\n\n00:00.000 --> 00:05.000\nhttps://store/storyboard.jpg?s=1#xywh=160,90,160,90\n',
  );
});

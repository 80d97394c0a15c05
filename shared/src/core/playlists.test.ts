import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBandwidth, bandwidthOf, masterPlaylist, mediaPlaylist } from './playlists.ts';

const segments = [
  { index: 0, durationSeconds: 5.005, sizeBytes: 1_000_000 },
  { index: 1, durationSeconds: 2.002, sizeBytes: 600_000 },
];
const uris = {
  initUri: 'init_1.mp4',
  segmentUri: ({ index }: { index: number }) => `seg_1_0000${index}.m4s`,
};

test('a finished rendition is a VOD playlist of its segments', () => {
  assert.equal(
    mediaPlaylist({ segments, ...uris, type: 'VOD', ended: true }),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:5
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init_1.mp4"
#EXTINF:5.005000,
seg_1_00000.m4s
#EXTINF:2.002000,
seg_1_00001.m4s
#EXT-X-ENDLIST
`,
  );
});

test('a growing playlist keeps its target duration and starts at the beginning', () => {
  const playlist = mediaPlaylist({
    segments: segments.slice(1),
    targetSeconds: 5.005,
    ...uris,
    type: 'EVENT',
    ended: false,
  });
  assert.match(playlist, /#EXT-X-TARGETDURATION:5\n/);
  assert.match(playlist, /#EXT-X-START:TIME-OFFSET=0,PRECISE=YES\n/);
  assert.doesNotMatch(playlist, /ENDLIST/);
});

test('a master playlist names every variant and the audio they share', () => {
  const variant = {
    uri: 'hls_720p/720p.m3u8',
    bandwidth: 3_000_000.2,
    averageBandwidth: 2_000_000,
    codecs: 'avc1.64001f',
    width: 1280,
    height: 720,
    frameRate: { num: 30_000, den: 1_001 },
  };
  const audio = { uri: 'hls_audio/audio.m3u8', codecs: 'mp4a.40.2', channels: 2 };
  assert.equal(
    masterPlaylist({ variants: [variant], audio }),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="hls_audio/audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000001,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
hls_720p/720p.m3u8
`,
  );
  assert.doesNotMatch(masterPlaylist({ variants: [variant], audio: null }), /audio|mp4a/);
});

test('a quote cannot break out of an attribute', () => {
  assert.throws(
    () => mediaPlaylist({ segments, ...uris, initUri: 'a"\n#EXT', type: 'VOD', ended: true }),
    RangeError,
  );
});

test('bandwidth is the worst segment and the mean of all', () => {
  const video = bandwidthOf(segments);
  assert.deepEqual(video, {
    peak: Math.ceil(4_800_000 / 2.002),
    average: Math.ceil((1_600_000 * 8) / 7.007),
  });
  assert.deepEqual(bandwidthOf([]), { peak: 0, average: 0 });
  assert.deepEqual(addBandwidth({ peak: 5, average: 3 }, { peak: 2, average: 1 }), { peak: 7, average: 4 });
});

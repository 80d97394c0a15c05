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

test('a published rendition is a VOD playlist of its segments', () => {
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

test('an EVENT playlist keeps its target duration and starts at the beginning', () => {
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

test('a master playlist lists every variant and their common audio', () => {
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

test('rejects quotes and line breaks in an attribute', () => {
  assert.throws(
    () => mediaPlaylist({ segments, ...uris, initUri: 'a"\n#EXT', type: 'VOD', ended: true }),
    RangeError,
  );
});

/** Segments of these lengths in seconds and sizes in bytes. */
const sized = (...all: [number, number][]) =>
  all.map(([durationSeconds, sizeBytes]) => ({ durationSeconds, sizeBytes }));

test('bandwidth is the peak over spans of half to one and a half target durations, and the mean of all', () => {
  assert.deepEqual(bandwidthOf(segments), {
    peak: Math.ceil((1_600_000 * 8) / 7.007),
    average: Math.ceil((1_600_000 * 8) / 7.007),
  });
  const peakOf = (...all: [number, number][]) => bandwidthOf(sized(...all)).peak;
  assert.equal(peakOf([5, 1000], [5, 3000], [5, 2000]), 4800, 'one segment');
  assert.equal(peakOf([5, 1000], [2, 2000], [2, 2000], [5, 1000]), 8000, 'two short ones');
  assert.equal(peakOf([5, 5000], [2.5, 5000], [5, 5000]), 16_000, 'half a target duration is enough');
  assert.equal(peakOf([5, 1000], [5, 1000], [0.04, 300]), Math.ceil((1300 * 8) / 5.04), 'a few samples');
  // no span is longer than one and a half target durations
  assert.equal(peakOf([5, 5000], [2.4, 100], [2.4, 100], [5, 5000]), 8000);
});

test('a playlist shorter than half the target duration counts as if it lasted that long', () => {
  assert.deepEqual(bandwidthOf(sized([0.04, 1000])), { peak: 16_000, average: 16_000 });
  assert.deepEqual(bandwidthOf(sized([0.8, 1000])), { peak: 10_000, average: 10_000 });
});

test('the bandwidth without segments is 0, and a variant includes that of its audio', () => {
  assert.deepEqual(bandwidthOf([]), { peak: 0, average: 0 });
  assert.deepEqual(addBandwidth({ peak: 5, average: 3 }, { peak: 2, average: 1 }), { peak: 7, average: 4 });
});

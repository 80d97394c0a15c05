import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { readIndexTiming, readTracks } from '../../worker/src/inspect/indexTiming.ts';
import { declaredVideos } from '../../worker/src/probe/declaredLimits.ts';
import { samplePackets } from '../../worker/src/probe/packets.ts';
import { probeStreams } from '../../worker/src/probe/probe.ts';
import { withSource } from '../../worker/src/source/withSource.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { makeSlides } from '../support/slides.ts';
import { taskContext } from '../support/transcode.ts';

let media: MediaStore;
let film: string;
before(async () => {
  media = await startMediaStore();
  film = inFolder('film.mp4');
  const times = Array.from({ length: 300 }, (_, n) => n / 25);
  await makeSlides(inFolder('plain.mp4'), { times, endSeconds: 12 });
  await ffmpeg('-i', inFolder('plain.mp4'), '-c:v', 'libx264', '-bf', '3', '-g', '50', '-c:a', 'copy', film);
});
after(() => media.close());

const inFolder = (name: string): string => path.join(media.root, name);

async function ffmpeg(...args: string[]): Promise<void> {
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

/** What the index says, and what reading every packet says. */
async function timingsOf(file: string) {
  const source = await media.addSource(file);
  return withSource(taskContext(media), source, async ({ url }, context) => {
    const { signal, logger, confinement } = context;
    const unknown = {
      url,
      sizeBytes: source.sizeBytes,
      demuxer: 'mov',
      declared: [],
      signal,
      logger,
      confinement,
    };
    const probe = await probeStreams(unknown);
    const target = { ...unknown, declared: declaredVideos(probe) };
    const index = await readIndexTiming(target, probe.streams, await readTracks(target));
    const read = await samplePackets(
      target,
      probe.streams.map(({ index: n }) => n),
      'everything',
    );
    return { index, read };
  });
}

const VARIANTS: Record<string, string[]> = {
  'index at the end': [],
  'index in front': ['-movflags', '+faststart'],
  'trimmed by an edit list': ['-ss', '5'],
  'a pause in front': ['-itsoffset', '1.5'],
  'trimmed at the end': ['-t', '7.3'],
  'without an edit list': ['-use_editlist', '0'],
  'coarse clock': ['-video_track_timescale', '600'],
};
const BEFORE_INPUT = ['-ss', '-itsoffset'];

for (const [name, options] of Object.entries(VARIANTS)) {
  test(`${name}: the index says what every packet says`, async () => {
    const file = inFolder('variant.mp4');
    const isOfInput = BEFORE_INPUT.includes(options[0] ?? '');
    const [before, behind] = isOfInput ? [options, []] : [[], options];
    await ffmpeg(...before, '-i', film, '-c', 'copy', ...behind, file);
    const { index, read } = await timingsOf(file);
    assert.ok(index);
    for (const [n, { firstPts, lastDuration: _, gaps, longestGap, ...stats }] of index.entries()) {
      const { lastDuration: __, gaps: ___, ...expected } = read[n] ?? assert.fail('another stream');
      assert.deepEqual({ ...expected, ...stats }, expected);
      assert.ok(Math.abs(longestGap - expected.longestGap) < 1e-3 && gaps.length > 0);
      // sound that is cut in the middle of a frame
      assert.ok(Math.abs((firstPts ?? 0) - (expected.firstPts ?? 0)) < 0.01);
    }
  });
}

test('fragments and several cuts are left to be read', async () => {
  const file = inFolder('fragments.mp4');
  await ffmpeg('-i', film, '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov', file);
  assert.equal((await timingsOf(file)).index, null);
});

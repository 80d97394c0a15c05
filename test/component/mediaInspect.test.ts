import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { runInspect } from '../../worker/src/inspect/runInspect.ts';
import { withSource } from '../../worker/src/source/withSource.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { type SampleName, sampleFile } from '../support/samples.ts';
import { taskContext } from '../support/transcode.ts';

const run = promisify(execFile);

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

async function inspect(file: string, fullScanBytes: number) {
  const source = await media.addSource(file);
  const { facts } = await withSource(taskContext(media), source, (input, context) =>
    runInspect({ kind: 'inspect', source }, input, context, { fullScanBytes }),
  );
  return facts;
}

const FULL_SCAN = Number.MAX_SAFE_INTEGER;
const SAMPLED = 0;

for (const name of ['h264-aac', 'ntsc', 'h264-open-gop', 'hevc-open-gop', 'mpegts'] satisfies SampleName[]) {
  test(`${name}: looking at parts of the file finds out what reading all of it does`, async () => {
    const file = await sampleFile(name);
    const facts = await inspect(file, SAMPLED);
    const whole = await inspect(file, FULL_SCAN);
    // only who reads every picture's header can tell that the pixels' shape never changes
    const { aspectChanges, ...video } = whole.video;
    assert.deepEqual(aspectChanges, [{ fromSeconds: video.startSeconds, aspect: { num: 1, den: 1 } }]);
    assert.deepEqual(facts, { ...whole, video });
    assert.equal(facts.seekable, true);
  });
}

test('a header that promises more than the file holds is not believed', async () => {
  const whole = path.join(media.root, 'whole.mp4');
  const remux = ['-i', await sampleFile('h264-aac'), '-c', 'copy', '-movflags', '+faststart', whole];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...remux]);
  const bytes = await readFile(whole);
  const cut = path.join(media.root, 'cut.mp4');
  await writeFile(cut, bytes.subarray(0, bytes.length / 2));
  for (const fullScanBytes of [SAMPLED, FULL_SCAN]) {
    const { durationSeconds } = (await inspect(cut, fullScanBytes)).video;
    assert.ok(durationSeconds > 8 && durationSeconds < 14, `${durationSeconds} of 22 s`);
  }
});

test('containers whose seeking cannot be trusted are read from their beginning only', async () => {
  const facts = await inspect(await sampleFile('interlaced'), SAMPLED);
  assert.equal(facts.demuxer, 'mpeg');
  assert.equal(facts.seekable, false);
});

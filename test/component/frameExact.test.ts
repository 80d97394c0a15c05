import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { Chunk, EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { chunkInputArgs } from '../../worker/src/encode/encodeArgs.ts';
import { timingFilters } from '../../worker/src/pictures/filterGraph.ts';
import { firstPreRoll } from '../../worker/src/timing/preRoll.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { type SampleName, sampleFile } from '../support/samples.ts';
import { runSpec } from '../support/transcode.ts';

const run = promisify(execFile);
const SOURCES: SampleName[] = ['h264-aac', 'ntsc', 'vfr', 'h264-open-gop', 'hevc-open-gop', 'mpegts'];

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

for (const name of SOURCES) {
  test(`${name}: chunks hold exactly the frames of one whole run`, async () => {
    const source = await media.addSource(await sampleFile(name));
    const inspected = await runSpec(media, { kind: 'inspect', source });
    assert.ok(inspected.kind === 'inspect');
    const chunked = planVideo(inspected.facts, { version: 1, chunkSeconds: 5 });
    assert.ok(chunked.chunks.length >= 2, `${name} is only ${chunked.chunks.length} chunk`);
    const whole = planVideo(inspected.facts, { version: 1, chunkSeconds: 5, singleChunk: true });
    const url = await media.store.signGet(source.key, { audience: 'internal', expiresSeconds: 600 });
    const expected = await frameSums(url, whole);
    assert.equal(expected.length, whole.totalFrames);
    assert.ok(new Set(expected.map((line) => line.md5)).size > whole.totalFrames / 2, 'frames differ');
    assert.deepEqual(await frameSums(url, chunked), expected);
  });
}

interface FrameSum {
  frame: number;
  md5: string;
}

/** Number and checksum of every frame that the chunks of a plan put out, one chunk after the other. */
async function frameSums(url: string, plan: EncodePlan): Promise<FrameSum[]> {
  const sums: FrameSum[] = [];
  for (const chunk of plan.chunks) sums.push(...(await chunkSums(url, plan, chunk)));
  return sums;
}

async function chunkSums(url: string, plan: EncodePlan, chunk: Chunk): Promise<FrameSum[]> {
  const preRoll = firstPreRoll(plan.facts, chunk);
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-nostdin', ...chunkInputArgs({ url, plan, chunk, threads: 2, preRoll })],
      ...[
        '-map',
        `0:${plan.facts.video.streamIndex}`,
        '-vf',
        timingFilters(plan.facts, chunk, preRoll).join(','),
      ],
      ...['-frames:v', String(chunk.frameCount), '-fps_mode', 'passthrough', '-f', 'framemd5', '-'],
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, , pts, , , md5] = line.split(',').map((field) => field.trim());
      return { frame: Number(pts), md5: md5 ?? '' };
    });
}

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import { originSeconds, videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { encodeFilm, makeNumberedFilm, numbersShown } from '../support/borderClips.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { runSpec } from '../support/transcode.ts';

const RATE = 24;
const SECONDS = 7;

let media: MediaStore;
let film = '';
before(async () => {
  media = await startMediaStore();
  film = await makeNumberedFilm(media.root, { seconds: SECONDS, rate: RATE });
});
after(() => media.close());

const sound = [
  ...['-f', 'lavfi', '-i', `sine=f=500:d=${SECONDS}`],
  ...['-map', '0:v', '-map', '1:a', '-c:a', 'libmp3lame'],
];
/** The film's own times are rounded. */
const even = ['-vf', `setpts=N/(${RATE}*TB)`, '-r', String(RATE)];
const mpeg4 = ['-c:v', 'mpeg4', '-q:v', '2', '-g', '48'];
const xvid = ['-c:v', 'libxvid', '-q:v', '2', '-g', '48'];
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '16', '-g', '48', '-pix_fmt', 'yuv420p'];
const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '2', '-g', '12'];

/** Containers that say when pictures are decoded, and not when they are shown. */
const SOURCES: Record<string, string[]> = {
  'mpeg4.avi': [...sound, ...mpeg4, '-bf', '2'],
  'mpeg4-one.avi': [...mpeg4, '-bf', '1'],
  'mpeg4-none.avi': [...mpeg4, '-bf', '0'],
  'packed.avi': [...sound, ...xvid, '-bf', '1'],
  'h264.avi': [...sound, ...h264, '-bf', '3'],
  'h264-ntsc.avi': ['-r', '24000/1001', ...h264, '-bf', '2'],
  'mpeg2.avi': [...mpeg2, '-bf', '2'],
  'h264.wmv': [...h264, '-bf', '2'],
  'mpeg2.mpg': [...mpeg2, '-bf', '2'],
};

for (const [name, options] of Object.entries(SOURCES)) {
  test(`${name}: every picture is shown once, in order, from the beginning on`, async () => {
    const file = await encodeFilm(film, name, [...options, ...(name.includes('ntsc') ? [] : even)]);
    const source = await media.addSource(file);
    const inspected = await runSpec(media, { kind: 'inspect', source });
    assert.ok(inspected.kind === 'inspect');
    const { facts } = inspected;
    const plan = planVideo(facts, { version: 1, chunkSeconds: 30, segmentSeconds: 2 });
    for (const { spec } of encodeTasks(plan, source)) {
      if (spec.kind === 'encode') await runSpec(media, spec);
    }
    const quality = plan.renditions[0]?.quality ?? '';
    const shown = await numbersShown((await joinOutput(media, quality, videoSegmentCount(plan))).file);
    const count = RATE * SECONDS;
    // the muxer of AVI leaves the last one of a packed bitstream out
    assert.ok(shown.length >= count - 1 && shown.length <= count, `${shown.length} pictures`);
    const wrong = shown.flatMap((number, frame) => (number === frame ? [] : [`${frame}: ${number}`]));
    assert.deepEqual(wrong, []);
    // picture and sound begin together
    assert.ok(Math.abs(originSeconds(facts) - (facts.audio?.startSeconds ?? 0)) < 0.01 || !facts.audio);
    assert.deepEqual(facts.notices ?? [], []);
  });
}

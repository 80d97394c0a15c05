import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import type { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { runInspect } from '../../worker/src/inspect/runInspect.ts';
import { withSource } from '../../worker/src/source/withSource.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import {
  makeCaptioned,
  makeSections,
  makeWebmSections,
  markedPictures,
  markOf,
  type Section,
  setCleanAperture,
  setDisplayMatrix,
  sideDataOf,
} from '../support/pictureSources.ts';
import {
  type Colour,
  isNear,
  makeSource,
  noticeCodes,
  type Pictures,
  publishedPictures,
} from '../support/pictures.ts';
import { runSpec, taskContext, transcode } from '../support/transcode.ts';

const BLACK: Colour = [0, 0, 0];
const RED: Colour = [255, 0, 0];

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

/** The brightness of a picture in the middle, as it was before conversion to RGB. */
function markShown(pictures: Pictures, n: number): number {
  return (pictures.at(n, 0.5, 0.5)[1] * 219) / 255 + 16;
}

function assertMarks(pictures: Pictures, count: number): void {
  assert.equal(pictures.count, count);
  for (let n = 0; n < count; n++) {
    const mark = markShown(pictures, n);
    assert.ok(Math.abs(mark - markOf(n)) <= 5, `picture ${n} has luma ${mark}, not ${markOf(n)}`);
  }
}

/** What of a small picture of the sections lies at the left edge. */
function hasBars(pictures: Pictures, n: number): boolean {
  return isNear(pictures.at(n, 0.02, 0.5), BLACK, 12);
}

const SECTIONS: Section[] = [
  { width: 160, height: 120, pictures: 60 },
  { width: 320, height: 180, pictures: 60 },
  { width: 160, height: 120, pictures: 60, pixelFormat: 'yuv422p' },
];

for (const [name, make] of [
  ['sizes.ts', makeSections],
  ['sizes.webm', makeWebmSections],
] as const) {
  test(`${name}: pictures of several sizes are shown in the largest, each in its place`, async () => {
    const made = await transcode(media, await make(media.root, name, SECTIONS), { chunkSeconds: 5 });
    const { codedWidth, codedHeight } = made.facts.video;
    assert.deepEqual([codedWidth, codedHeight], [320, 180]);
    assert.deepEqual(noticeCodes(made.facts.notices), ['size_changes']);
    // one chunk begins among the small pictures, one among the large ones
    assert.deepEqual(
      made.plan.chunks.map(({ firstFrame }) => firstFrame),
      [0, 50, 100],
    );
    const pictures = await publishedPictures(media, made);
    assertMarks(pictures, 180);
    for (const n of [0, 30, 59, 120, 150, 179]) assert.ok(hasBars(pictures, n), `picture ${n} has no bars`);
    for (const n of [60, 90, 105, 119]) assert.ok(!hasBars(pictures, n), `picture ${n} has bars`);
  });
}

test('a change of the pixel aspect alone is shown as one', async () => {
  const file = await makeSections(media.root, 'aspects.ts', [
    { width: 160, height: 120, pictures: 15 },
    { width: 160, height: 120, pictures: 30, aspect: '4/3' },
  ]);
  const made = await transcode(media, file);
  assert.deepEqual([made.facts.video.displayWidth, made.facts.video.displayHeight], [212, 120]);
  const pictures = await publishedPictures(media, made);
  assertMarks(pictures, 45);
  assert.ok(hasBars(pictures, 5));
  assert.ok(!hasBars(pictures, 30));
});

test('pixels of another shape that samples did not show are found beside the encoding', async () => {
  const sections = [
    { width: 160, height: 120, pictures: 60 },
    { width: 160, height: 120, pictures: 40, aspect: '4/3' },
  ];
  const source = await media.addSource(await makeSections(media.root, 'late-aspect.ts', sections));
  const facts = await sampledFacts(source);
  assert.deepEqual([facts.video.sizeChanges, facts.video.aspectChanges], [false, undefined]);
  const plan = planVideo(facts, { version: 1, chunkSeconds: 5 });
  const outcomes = await Promise.allSettled(
    encodeTasks(plan, source).map(({ spec }) => runSpec(media, spec)),
  );
  const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code as string] : []));
  // newer versions of ffmpeg do not show it to the encode task
  assert.ok(codes.length >= 1 && codes.every((code) => code === 'source_differs'), codes.join());
  const again = await runSpec(media, { kind: 'inspect', source, thorough: true });
  assert.ok(again.kind === 'inspect');
  assert.deepEqual([again.facts.video.sizeChanges, again.facts.video.aspectChanges?.length], [true, 2]);
});

async function sampledFacts(source: { key: string; sizeBytes: number }): Promise<MediaFacts> {
  const { facts } = await withSource(taskContext(media), source, (input, context) =>
    runInspect({ kind: 'inspect', source }, input, context, { fullScanBytes: 0 }),
  );
  return facts;
}

test('sizes that samples did not show are found while encoding, and by a thorough inspection', async () => {
  const source = await media.addSource(await makeSections(media.root, 'late.ts', SECTIONS));
  const facts = await sampledFacts(source);
  assert.equal(facts.video.sizeChanges, false);
  const plan = planVideo(facts, { version: 1, chunkSeconds: 5 });
  const tasks = encodeTasks(plan, source).flatMap(({ spec }) => (spec.kind === 'encode' ? [spec] : []));
  const [first, second] = tasks.toSorted((a, b) => a.chunk.firstFrame - b.chunk.firstFrame);
  assert.ok(first && second);
  assert.equal((await runSpec(media, first)).kind, 'encode');
  await assert.rejects(runSpec(media, second), (error: ReelmillError) => error.code === 'source_differs');
  const again = await runSpec(media, { kind: 'inspect', source, thorough: true });
  assert.ok(again.kind === 'inspect');
  assert.deepEqual([again.facts.video.sizeChanges, again.facts.video.codedWidth], [true, 320]);
});

/** A picture with red at its top left. */
const CORNER = 'color=blue:s=160x120:r=5:d=0.4,drawbox=x=0:y=0:w=80:h=60:color=red:t=fill';

for (const { name, matrix, size, red } of [
  { name: 'upside down', matrix: [1, 0, 0, -1], size: [160, 120], red: [0.25, 0.75] },
  { name: 'mirrored', matrix: [-1, 0, 0, 1], size: [160, 120], red: [0.75, 0.25] },
  { name: 'rotated and mirrored', matrix: [0, 1, 1, 0], size: [120, 160], red: [0.25, 0.25] },
] as const) {
  test(`a picture that its display matrix wants ${name} is so`, async () => {
    const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    const file = await makeSource(media.root, 'matrix.mp4', '-f', 'lavfi', '-i', CORNER, ...h264);
    await setDisplayMatrix(file, matrix);
    const pictures = await publishedPictures(media, await transcode(media, file));
    assert.deepEqual([pictures.width, pictures.height], size);
    for (const [x, y] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.25, 0.75],
      [0.75, 0.75],
    ] as const) {
      const isRed = isNear(pictures.at(0, x, y), RED);
      assert.equal(isRed, x === red[0] && y === red[1], `at ${x}, ${y}: ${pictures.at(0, x, y)}`);
    }
  });
}

test('what HEVC shows behind damage is shown, though later pictures refer to what is lost', async () => {
  const section = { width: 160, height: 120, pictures: 40 };
  const hevc = ['-c:v', 'libx265', '-x265-params', 'log-level=error:keyint=250:bframes=0', '-tag:v', 'hvc1'];
  const noise = ['-vf', 'noise=alls=20:allf=t', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const file = await makeSource(media.root, 'hevc.mp4', ...markedPictures(section), ...noise, ...hevc);
  const packets = ['-v', 'error', '-show_entries', 'packet=pos,size', '-of', 'csv=p=0', file];
  const { stdout } = await promisify(execFile)('ffprobe', packets);
  const [size = 0, pos = 0] = stdout.split('\n')[20]?.split(',').map(Number) ?? [];
  const bytes = await readFile(file);
  // behind the length: what remains is of no kind that a decoder knows
  bytes.fill(0xff, pos + 4, pos + size);
  await writeFile(file, bytes);
  const made = await transcode(media, file);
  const { count } = await publishedPictures(media, made);
  assert.ok(count >= 39, `${count} pictures`);
});

test('what a container would cut off the pictures is shown', async () => {
  const section = { width: 160, height: 120, pictures: 30 };
  const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '10', '-pix_fmt', 'yuv420p'];
  const file = await makeSource(media.root, 'aperture.mp4', ...markedPictures(section), ...h264);
  await setCleanAperture(file, { width: 120, height: 100 });
  const made = await transcode(media, file);
  assert.deepEqual([made.facts.video.displayWidth, made.facts.video.displayHeight], [160, 120]);
  assertMarks(await publishedPictures(media, made), 30);
});

test('pictures that are interlaced only later on are deinterlaced', async () => {
  // every field has a brightness of its own: a combed picture has two of them in neighbouring rows
  const flicker = "color=s=160x120:r=50:d=1.2,format=yuv420p,geq=lum='40+mod(67*N,180)':cb=128:cr=128";
  const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '2', '-pix_fmt', 'yuv420p', '-g', '10', '-bf', '0'];
  const begin = ['-f', 'lavfi', '-i', 'color=gray:s=160x120:r=25:d=1.6', ...mpeg2];
  const fields = ['-f', 'lavfi', '-i', flicker, '-vf', 'interlace', ...mpeg2, '-flags', '+ilme+ildct'];
  const parts = [
    await makeSource(media.root, 'progressive.ts', ...begin, '-muxdelay', '0'),
    await makeSource(media.root, 'fields.ts', ...fields, '-muxdelay', '0', '-output_ts_offset', '1.6'),
  ];
  const joined = Buffer.concat(await Promise.all(parts.map((part) => readFile(part))));
  const file = path.join(media.root, 'interlaced-later.ts');
  await writeFile(file, joined);
  const source = await media.addSource(file);
  const whole = await runSpec(media, { kind: 'inspect', source });
  assert.ok(whole.kind === 'inspect');
  assert.equal(whole.facts.video.interlaced, true);

  const facts = await sampledFacts(source);
  assert.equal(facts.video.interlaced, false, 'the samples show only the beginning');
  const plan = planVideo(facts, { version: 1, chunkSeconds: 30 });
  for (const { spec } of encodeTasks(plan, source)) await runSpec(media, spec);
  const pictures = await publishedPictures(media, {
    facts,
    plan,
    results: [],
    renditions: new Map(),
    audio: null,
  });
  const rows = (n: number): number[] =>
    Array.from({ length: 40 }, (_, row) => pictures.at(n, 0.5, (row + 40.5) / 120)[1]);
  for (const n of [10, 50, 60, 65]) {
    const levels = rows(n);
    const comb = Math.max(...levels.slice(1).map((level, row) => Math.abs(level - (levels[row] ?? 0))));
    assert.ok(comb < 40, `neighbouring rows of picture ${n} differ by ${comb}`);
  }
});

/** Red on the left; what is transparent on the right is green. */
const HIDDEN_GREEN =
  "color=s=128x96:r=5:d=0.4,format=rgba,geq=r='if(lt(X,64),255,0)':g='if(lt(X,64),0,255)':b=0:a='if(lt(X,64),255,0)'";
const PALETTE = 'split[a][b];[a]palettegen[p];[b][p]paletteuse';
const TRANSPARENT: Record<string, string[]> = {
  'prores.mov': ['-c:v', 'prores_ks', '-pix_fmt', 'yuva444p10le'],
  'vp8.webm': ['-c:v', 'libvpx', '-pix_fmt', 'yuva420p', '-auto-alt-ref', '0', '-b:v', '1M'],
  'vp9.webm': ['-c:v', 'libvpx-vp9', '-pix_fmt', 'yuva420p', '-b:v', '1M'],
  'png.mov': ['-c:v', 'png'],
  'png-palette.mov': ['-vf', PALETTE, '-c:v', 'png'],
  'animation.mov': ['-c:v', 'qtrle', '-pix_fmt', 'argb'],
  'raw.avi': ['-c:v', 'rawvideo', '-pix_fmt', 'bgra'],
};

for (const [name, codec] of Object.entries(TRANSPARENT)) {
  test(`${name}: what is transparent is black, whatever lies under it`, async () => {
    const file = await makeSource(media.root, name, '-f', 'lavfi', '-i', HIDDEN_GREEN, ...codec);
    const source = await media.addSource(file);
    const inspected = await runSpec(media, { kind: 'inspect', source });
    assert.ok(inspected.kind === 'inspect');
    const { facts } = inspected;
    assert.deepEqual(noticeCodes(facts.notices), ['transparency_left_out']);
    const plan = planVideo(facts, { version: 1, chunkSeconds: 30 });
    const [task] = encodeTasks(plan, source);
    await runSpec(media, task?.spec ?? assert.fail('no task'));
    const pictures = await publishedPictures(media, {
      facts,
      plan,
      results: [],
      renditions: new Map(),
      audio: null,
    });
    for (let n = 0; n < pictures.count; n++) {
      assert.ok(isNear(pictures.at(n, 0.25, 0.5), RED), `left: ${pictures.at(n, 0.25, 0.5)}`);
      assert.ok(isNear(pictures.at(n, 0.75, 0.5), BLACK, 12), `right: ${pictures.at(n, 0.75, 0.5)}`);
    }
  });
}

/** Red whose transparency is full, or has never been written. */
const OPAQUE: Record<string, string[]> = {
  'opaque-animation.mov': ['color=red:s=128x96:r=5:d=0.4', '-c:v', 'qtrle', '-pix_fmt', 'argb'],
  'opaque-palette.mov': ['color=red:s=128x96:r=5:d=0.4', '-vf', PALETTE, '-c:v', 'png'],
  'padded.avi': [
    'color=red:s=128x96:r=5:d=0.4,format=rgba,geq=r=255:g=0:b=0:a=0',
    '-c:v',
    'rawvideo',
    '-pix_fmt',
    'bgra',
  ],
};

for (const [name, [picture = '', ...codec]] of Object.entries(OPAQUE)) {
  test(`${name}: a format with room for transparency is no transparency`, async () => {
    const made = await transcode(
      media,
      await makeSource(media.root, name, '-f', 'lavfi', '-i', picture, ...codec),
    );
    assert.deepEqual(noticeCodes(made.facts.notices), []);
    const pictures = await publishedPictures(media, made);
    assert.ok(isNear(pictures.at(0, 0.5, 0.5), RED), `${pictures.at(0, 0.5, 0.5)}`);
  });
}

test('captions within the pictures do not get into the output, and make a notice', async () => {
  const file = await makeCaptioned(media.root, 'captions.ts');
  assert.match(await sideDataOf(file), /Closed Captions/);
  const made = await transcode(media, file);
  assert.deepEqual(noticeCodes(made.facts.notices), ['captions_left_out']);
  const joined = await joinOutput(media, '240p', videoSegmentCount(made.plan));
  assert.doesNotMatch(await sideDataOf(joined.file), /Captions/);
  assert.equal((await readFile(joined.file)).includes('GA94'), false);
  assertMarks(await publishedPictures(media, made), 20);
});

test('subtitles that are left out make a notice', async () => {
  const subtitles = path.join(media.root, 'subtitles.srt');
  await writeFile(subtitles, '1\n00:00:00,000 --> 00:00:01,000\nHello\n');
  const picture = ['-f', 'lavfi', '-i', 'color=gray:s=64x64:r=5:d=1'];
  const file = await makeSource(media.root, 'subtitles.mkv', ...picture, '-i', subtitles, '-c:v', 'mpeg4');
  const inspected = await runSpec(media, { kind: 'inspect', source: await media.addSource(file) });
  assert.ok(inspected.kind === 'inspect');
  assert.deepEqual(noticeCodes(inspected.facts.notices), ['captions_left_out']);
});

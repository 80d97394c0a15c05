import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { cutBeginning } from '../support/borderClips.ts';
import { damagedCopy, findPacket, framesThatDiffer, leaveOut, overwrite } from '../support/damagedClips.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { makeSource } from '../support/pictures.ts';
import { makeSlides } from '../support/slides.ts';
import { runSpec } from '../support/transcode.ts';

const RATE = 25;
const SECONDS = 8;
const GROUP = 50;
/** Complaints come some pictures early, and damage that nobody sees counts until the next keyframe. */
const TOLERANCE_SECONDS = 0.6;

let media: MediaStore;
let film = '';
before(async () => {
  media = await startMediaStore();
  // without colours, which are converted
  const picture = `testsrc2=s=240x180:r=${RATE}:d=${SECONDS},hue=s=0:b=sin(t*3)`;
  film = await makeSource(media.root, 'film.mkv', '-f', 'lavfi', '-i', picture, '-c:v', 'ffv1');
});
after(() => media.close());

const group = ['-g', String(GROUP)];
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-sc_threshold', '0', ...group];
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', `log-level=error:keyint=${GROUP}`];
const MPEG2 = ['-c:v', 'mpeg2video', '-q:v', '3', '-bf', '2', '-sc_threshold', '1000000000', ...group];
const VP9 = [
  '-c:v',
  'libvpx-vp9',
  '-deadline',
  'realtime',
  '-cpu-used',
  '8',
  '-crf',
  '20',
  '-b:v',
  '0',
  ...group,
];

const encode = (name: string, options: readonly string[]): Promise<string> =>
  makeSource(media.root, name, '-i', film, ...options, '-pix_fmt', 'yuv420p');

interface Made {
  told: NoticeFacts[];
  /** The chunks of the tasks that told something. */
  tellers: number[];
  /** The smallest rendition. */
  file: string;
}

/** Makes the pictures of a file in short chunks, and adds up what the tasks tell. */
async function make(file: string): Promise<Made> {
  const source = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const plan = planVideo(inspected.facts, { version: 1, chunkSeconds: 3, segmentSeconds: 1, workers: 1 });
  const told: NoticeFacts[] = [];
  const tellers: number[] = [];
  for (const { spec } of encodeTasks(plan, source)) {
    if (spec.kind !== 'encode') continue;
    const result = await runSpec(media, spec);
    if (result.kind !== 'encode' || !result.notices) continue;
    told.push(...result.notices);
    tellers.push(spec.chunk.index);
  }
  const quality = plan.renditions.at(-1)?.quality ?? '';
  const { file: joined } = await joinOutput(media, quality, videoSegmentCount(plan));
  return { told, tellers, file: joined };
}

function secondsTold(told: readonly NoticeFacts[]): number {
  return told.reduce((sum, notice) => sum + (notice.code === 'picture_repaired' ? notice.seconds : 0), 0);
}

interface Damage {
  options: readonly string[];
  how: 'overwritten' | 'left out';
  /** In the file's own time, which begins later in MPEG-TS. */
  from: number;
  /** About how many packets. */
  packets?: number;
}

describe('damaged pictures are told of, for as long as they are shown', () => {
  const damages: Record<string, Damage> = {
    'h264.mp4': { options: H264, how: 'overwritten', from: 2.48, packets: 4 },
    'h264.mkv': { options: H264, how: 'overwritten', from: 4 },
    'h264.ts': { options: H264, how: 'left out', from: 4 },
    'hevc.mp4': { options: [...HEVC, '-tag:v', 'hvc1'], how: 'overwritten', from: 2.6, packets: 4 },
    'mpeg2.ts': { options: MPEG2, how: 'overwritten', from: 4.6, packets: 4 },
    'vp9.webm': { options: VP9, how: 'left out', from: 3 },
    // two tasks make the first chunk
    'first.mp4': { options: ['-vf', 'scale=480:360', ...H264], how: 'overwritten', from: 0.4, packets: 2 },
  };
  for (const [name, { options, how, from, packets = 1 }] of Object.entries(damages)) {
    test(`${name}, bytes ${how}`, async () => {
      const whole = await encode(name, options);
      const { at, bytes } = await findPacket(whole, from);
      const damaged = await damagedCopy(whole, (all) =>
        how === 'overwritten'
          ? overwrite(all, at, Math.max(bytes * packets, 400))
          : leaveOut(all, at, all.length / 10),
      );
      const made = await make(damaged);
      const wrong = (await framesThatDiffer(made.file, film, RATE)).length / RATE;
      const told = secondsTold(made.told);
      assert.ok(wrong > 0.3, `only ${wrong} s are damaged`);
      assert.ok(Math.abs(told - wrong) <= TOLERANCE_SECONDS, `told ${told} s, damaged ${wrong} s`);
      assert.equal(new Set(made.tellers).size, made.tellers.length, `chunks ${made.tellers}`);
    });
  }
});

/** Distances of pictures that are longer behind a keyframe than before. */
const UNEVEN = 'select=eq(n\\,0)+gte(mod(n*n*31\\,7)\\,2)';

describe('nothing is told of files that are whole', () => {
  const copy = (name: string, from: string, ...options: string[]): Promise<string> =>
    makeSource(media.root, name, '-i', from, '-c', 'copy', ...options);
  const filtered = (name: string, filters: string, codec = H264): Promise<string> =>
    encode(name, ['-vf', filters, '-fps_mode', 'passthrough', '-enc_time_base', '1/90000', ...codec]);
  const wholes: Record<string, (name: string) => Promise<string>> = {
    'a recording that begins and ends in the middle of a picture.ts': async (name) => {
      const begun = await cutBeginning(await encode('recorded.ts', H264), name, 1 / 6);
      const bytes = await readFile(begun);
      await writeFile(begun, bytes.subarray(0, bytes.length * 0.93));
      return begun;
    },
    'two recordings joined.ts': async (name) => {
      const first = await encode('joined-1.ts', H264);
      const second = await copy('joined-2.ts', first, '-output_ts_offset', String(SECONDS));
      const file = path.join(media.root, name);
      await writeFile(file, Buffer.concat([await readFile(first), await readFile(second)]));
      return file;
    },
    'pictures of uneven distance.mkv': (name) =>
      filtered(name, 'select=gt(mod(n*n*31\\,7)\\,2)*not(between(t\\,3\\,4.7))'),
    'telecined.ts': (name) =>
      encode(name, ['-vf', 'setpts=N*1001/(24000*TB),fps=24000/1001,telecine', ...MPEG2]),
    'open groups of uneven distance behind an edit list.mp4': async (name) => {
      const uneven = await filtered('uneven.mp4', UNEVEN, [
        ...H264,
        '-x264-params',
        'open-gop=1:min-keyint=10',
      ]);
      return makeSource(media.root, name, '-ss', '1.3', '-i', uneven, '-c', 'copy');
    },
    'open groups of uneven distance, HEVC.mp4': (name) =>
      filtered(name, UNEVEN, [...HEVC.slice(0, -1), `${HEVC.at(-1)}:open-gop=1:bframes=4`, '-tag:v', 'hvc1']),
    '23.976.mp4': (name) => encode(name, ['-r', '24000/1001', ...H264]),
    'refreshed bit by bit.ts': (name) =>
      encode(name, ['-c:v', 'libx264', '-preset', 'veryfast', '-x264-params', 'intra-refresh=1:keyint=30']),
    'slides.mkv': async (name) => {
      const file = path.join(media.root, name);
      await makeSlides(file, { times: [0, 0.2, 3, 5, 11, 12, 19], endSeconds: 23, keyframeEvery: 3 });
      return file;
    },
  };
  for (const [name, makeWhole] of Object.entries(wholes)) {
    test(name, async () => {
      const { told } = await make(await makeWhole(name));
      assert.deepEqual(told, []);
    });
  }
});

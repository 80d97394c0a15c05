import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { hlsArgs } from '../segments/hlsArgs.ts';
import { lastsAsLong, readFragment, readInit } from './fragments.ts';

const run = promisify(execFile);
const DAMAGED = { code: 'output_damaged' };

let folder: string;
let video: Buffer;
let audio: Buffer;
let init: Buffer;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-fragments-'));
  // with B-frames and sizes of their own for every sample; the sound has no flags of its own
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=10:duration=3'];
  const x264 = ['-c:v', 'libx264', '-g', '10', '-sc_threshold', '0', '-avoid_negative_ts', 'disabled'];
  const cut = { firstSegment: 0, cutSeconds: 0.1 };
  for (const name of ['v', 'a']) await run('mkdir', [path.join(folder, name)]);
  await run('ffmpeg', ['-v', 'error', ...picture, ...x264, ...hlsArgs('v', cut)], { cwd: folder });
  const tone = ['-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac'];
  await run('ffmpeg', ['-v', 'error', ...tone, ...hlsArgs('a', { ...cut, cutSeconds: 0.3 })], {
    cwd: folder,
  });
  video = await readFile(path.join(folder, 'v', 'seg_00001.m4s'));
  audio = await readFile(path.join(folder, 'a', 'seg_00001.m4s'));
  init = await readFile(path.join(folder, 'v', 'init.mp4'));
});
after(() => rm(folder, { recursive: true }));

async function fileOf(bytes: Buffer): Promise<string> {
  const file = path.join(folder, 'seg.m4s');
  await writeFile(file, bytes);
  return file;
}

const reading = async (bytes: Buffer) => readFragment(await fileOf(bytes));

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** A copy with the 32-bit number `behind` bytes after the type of a box changed. */
function changed(bytes: Buffer, type: string, behind: number, change: (value: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(type, 0, 'latin1') + 4 + behind;
  copy.writeUInt32BE(change(copy.readUInt32BE(at)) >>> 0, at);
  return copy;
}

test('reads how many samples a segment holds, when they begin and how long they last', async () => {
  const { timescale } = await readInit(path.join(folder, 'v', 'init.mp4'));
  assert.deepEqual(await reading(video), {
    sizeBytes: video.length,
    samples: 10,
    startTicks: timescale,
    durationTicks: timescale,
  });
  const sound = await reading(audio);
  assert.equal(sound?.durationTicks, (sound?.samples ?? 0) * 1024);
});

test('a segment that lacks any of its last bytes is damaged, or has nothing in it', async () => {
  for (const bytes of [video, audio]) {
    const file = await fileOf(bytes);
    for (let length = bytes.length - 1; length >= 0; length--) {
      await truncate(file, length);
      // behind the first box it looks like one that the muxer got nothing for
      if (length === bytes.readUInt32BE(0)) assert.equal(await readFragment(file), null);
      else await assert.rejects(readFragment(file), DAMAGED, `${length} of ${bytes.length} bytes`);
    }
  }
});

test('an init segment that lacks any of its last bytes is damaged', async () => {
  const file = await fileOf(init);
  await readInit(file);
  for (let length = init.length - 1; length >= 0; length--) {
    await truncate(file, length);
    await assert.rejects(readInit(file), DAMAGED, `${length} of ${init.length} bytes`);
  }
});

test('bytes behind the last box are damage, whatever they are', async () => {
  for (const more of [
    Buffer.from([0]),
    Buffer.alloc(8),
    Buffer.alloc(4096),
    box('free'),
    box('mdat'),
    video,
  ]) {
    await assert.rejects(reading(Buffer.concat([video, more])), DAMAGED);
    await assert.rejects(readInit(await fileOf(Buffer.concat([init, more]))), DAMAGED);
  }
});

test('a hole of zeros, as a disk leaves one, is damage wherever it reaches into the boxes', async () => {
  const head = video.indexOf('mdat', 0, 'latin1') + 4;
  for (let start = 0; start < head; start += 8) {
    const copy = Buffer.from(video);
    copy.fill(0, start, start + 512);
    await assert.rejects(reading(copy), DAMAGED, `zeros from ${start}`);
  }
});

test('any bit that is turned in a size, a type or a count of boxes is noticed', async () => {
  const head = video.indexOf('mdat', 0, 'latin1') + 4;
  const types = ['styp', 'sidx', 'moof', 'mfhd', 'traf', 'tfhd', 'tfdt', 'trun', 'mdat'];
  const places = types.flatMap((type) => {
    const at = video.subarray(0, head).indexOf(type, 0, 'latin1');
    assert.ok(at > 0, type);
    const counts =
      type === 'trun' ? [at + 5, at + 6, at + 7, ...[8, 9, 10, 11, 12, 13, 14, 15].map((n) => at + n)] : [];
    return [-4, -3, -2, -1, 0, 1, 2, 3].map((n) => at + n).concat(counts);
  });
  for (const place of places) {
    for (let bit = 0; bit < 8; bit++) {
      const copy = Buffer.from(video);
      copy.writeUInt8(copy.readUInt8(place) ^ (1 << bit), place);
      await assert.rejects(reading(copy), DAMAGED, `bit ${bit} of byte ${place}`);
    }
  }
});

test('the sizes of the samples are those of the data, and the data where they should be', async () => {
  const trun = video.indexOf('trun', 0, 'latin1');
  const flags = video.readUInt32BE(trun + 4);
  assert.equal(flags & 0x205, 0x205, 'sizes, an offset and flags of the first sample');
  const firstSize = flags & 0x100 ? 20 : 16;
  for (const [behind, what] of [
    [8, 'data offset'],
    [firstSize, 'size of the first sample'],
  ] as const) {
    for (const by of [-1, 1, 8])
      await assert.rejects(reading(changed(video, 'trun', behind, (value) => value + by)), DAMAGED, what);
  }
});

test('a segment whose first sample needs others is damaged', async () => {
  await assert.rejects(reading(changed(video, 'trun', 12, (value) => value | 0x1_0000)), DAMAGED);
});

test('default sizes and durations count where samples have none of their own', async () => {
  const u32 = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
    return bytes;
  };
  const segment = (dataBytes: number) => {
    const tfhd = box('tfhd', u32(0x02_0038, 1, 512, 20, 0x200_0000));
    const tfdt = box('tfdt', u32(0, 4096));
    const moofBytes = 8 + 16 + 8 + tfhd.length + tfdt.length + 20;
    const trun = box('trun', u32(0x01, 25, moofBytes + 8));
    const moof = box('moof', box('mfhd', u32(0, 1)), box('traf', tfhd, tfdt, trun));
    return Buffer.concat([moof, box('mdat', Buffer.alloc(dataBytes))]);
  };
  const read = await reading(segment(500));
  assert.deepEqual([read?.samples, read?.startTicks, read?.durationTicks], [25, 4096, 25 * 512]);
  for (const bytes of [0, 499, 501, 520]) await assert.rejects(reading(segment(bytes)), DAMAGED);
});

test('pictures that last too long or too short are damaged', async () => {
  const read = await reading(video);
  const { timescale, ...rest } = await readInit(path.join(folder, 'v', 'init.mp4'));
  assert.ok(read);
  assert.ok(lastsAsLong(read, { ...rest, timescale }, { num: 10, den: 1 }));
  for (const num of [9, 11]) {
    assert.ok(!lastsAsLong(read, { ...rest, timescale }, { num, den: 1 }));
  }
});

test('rejects boxes in any number', async () => {
  const many = Buffer.concat(Array.from({ length: 65_536 }, () => box('free')));
  for (const read of [readFragment, readInit]) await assert.rejects(read(await fileOf(many)), DAMAGED);
  await assert.rejects(
    readInit(await fileOf(Buffer.concat([box('ftyp'), box('moov', many.subarray(0, 40_000))]))),
    DAMAGED,
  );
});

test('rejects boxes that are nested too deep', async () => {
  let nested = box('free');
  for (let depth = 0; depth < 1_000; depth++) nested = box('moov', nested);
  await assert.rejects(readInit(await fileOf(Buffer.concat([box('ftyp'), nested]))), DAMAGED);
});

test('rejects an init segment of a gigabyte without reading it', async () => {
  const file = await fileOf(box('moov'));
  await truncate(file, 1024 ** 3);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(readInit(file), DAMAGED);
  await assert.rejects(readFragment(file), DAMAGED);
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * 1024 ** 2);
});

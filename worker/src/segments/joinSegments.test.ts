import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type FragmentInfo, readFragment } from '../verify/fragments.ts';
import { hlsArgs, segmentFile } from './hlsArgs.ts';
import { joinSegments } from './joinSegments.ts';

const run = promisify(execFile);

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-join-'));
});
after(() => rm(folder, { recursive: true }));

const OUTPUTS = {
  picture: {
    input: 'testsrc2=size=64x48:rate=10:duration=2.3',
    codec: ['-c:v', 'libx264', '-g', '10', '-sc_threshold', '0', '-avoid_negative_ts', 'disabled'],
  },
  sound: { input: 'sine=sample_rate=48000:duration=2.1', codec: ['-c:a', 'aac'] },
};

/** Makes segments of a second; there are three. */
async function makeSegments(name: keyof typeof OUTPUTS): Promise<(index: number) => string> {
  const { input, codec } = OUTPUTS[name];
  await mkdir(path.join(folder, name), { recursive: true });
  const output = [...codec, ...hlsArgs(name, { firstSegment: 0, cutSeconds: 0.99 })];
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', input, ...output], { cwd: folder });
  return (index) => path.join(folder, name, segmentFile(index));
}

async function read(file: string): Promise<FragmentInfo> {
  return (await readFragment(file)) ?? assert.fail('an empty segment');
}

/** What the index of a segment says that follows it. */
async function readIndex(file: string): Promise<{ sizeBytes: number; durationTicks: number }> {
  const bytes = await readFile(file);
  const end = bytes.indexOf('moof', 0, 'latin1') - 4;
  return { sizeBytes: bytes.readUInt32BE(end - 12), durationTicks: bytes.readUInt32BE(end - 8) };
}

for (const name of ['picture', 'sound'] as const) {
  test(`a short end of ${name} becomes part of the segment before it, and its index says so`, async () => {
    const file = await makeSegments(name);
    const [whole, short] = [await read(file(1)), await read(file(2))];
    await joinSegments(file(1), file(2));
    assert.equal(existsSync(file(2)), false);
    const joined = await read(file(1));
    assert.equal(joined.samples, whole.samples + short.samples);
    assert.equal(joined.startTicks, whole.startTicks);
    assert.equal(joined.durationTicks, whole.durationTicks + short.durationTicks);
    const bytes = await readFile(file(1));
    assert.deepEqual(await readIndex(file(1)), {
      sizeBytes: bytes.length - bytes.indexOf('moof', 0, 'latin1') + 4,
      durationTicks: joined.durationTicks,
    });
    const init = await readFile(path.join(folder, name, 'init.mp4'));
    const film = path.join(folder, 'all.mp4');
    await writeFile(film, Buffer.concat([init, await readFile(file(0)), bytes]));
    const count = ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets'];
    const { stdout, stderr } = await run('ffprobe', [...count, '-of', 'csv=p=0', film]);
    const first = await read(file(0));
    assert.deepEqual([Number(stdout), stderr], [first.samples + joined.samples, '']);
  });
}

test('rejects a segment without an index', async () => {
  const file = await makeSegments('sound');
  const bytes = await readFile(file(2));
  await writeFile(file(2), bytes.subarray(bytes.indexOf('moof', 0, 'latin1') - 4));
  await assert.rejects(joinSegments(file(1), file(2)), { code: 'output_damaged' });
});

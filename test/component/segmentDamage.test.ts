import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Verification } from '@reelmill/shared/contracts/tasks.ts';
import { taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import { hlsArgs, segmentFile } from '../../worker/src/segments/hlsArgs.ts';
import { SegmentCollector } from '../../worker/src/segments/segmentCollector.ts';
import { SegmentUploader } from '../../worker/src/segments/segmentUploader.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { taskContext } from '../support/transcode.ts';

const SIZE = { width: 160, height: 90 };
const SEGMENTS = 3;

let media: MediaStore;
let whole: string;
let count = 0;
before(async () => {
  media = await startMediaStore();
  whole = path.join(media.root, 'whole');
  for (const name of ['240p', 'audio']) await mkdir(path.join(whole, name), { recursive: true });
  const run = (...args: string[]) => promisify(execFile)('ffmpeg', ['-v', 'error', ...args], { cwd: whole });
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=3,noise=alls=8:allf=t'];
  const x264 = ['-c:v', 'libx264', '-g', '10', '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
  const cut = { firstSegment: 0, cutSeconds: 0.1 };
  await run(...picture, ...x264, '-avoid_negative_ts', 'disabled', ...hlsArgs('240p', cut));
  const sound = ['-f', 'lavfi', '-i', 'anoisesrc=duration=2.9:seed=1', '-c:a', 'aac'];
  await run(...sound, ...hlsArgs('audio', { ...cut, cutSeconds: 1 }));
});
after(() => media.close());

/** Collects a copy of an output that `change` may have damaged. */
async function collect(
  name: '240p' | 'audio',
  options: {
    change?(folder: string): Promise<unknown>;
    decodePercent?: number;
    /** Collects once before the end. */
    early?: boolean;
    /** Called with the task's folder before an object is put. */
    beforePut?(folder: string, key: string): Promise<unknown>;
  } = {},
) {
  const folder = path.join(media.root, `task-${count}`);
  await cp(whole, folder, { recursive: true });
  await options.change?.(path.join(folder, name));
  const videoFolder = `9-${count++}`;
  const counts: Verification = { verified: 0, decoded: 0, damaged: 0 };
  const store: Pick<ObjectStore, 'put'> = {
    async put(key, body, put) {
      await options.beforePut?.(path.join(folder, name), key);
      return media.store.put(key, body, put);
    },
  };
  const context = taskContext(media, {
    decodePercent: options.decodePercent ?? 0,
    onVerified: (what) => {
      counts[what] += 1;
    },
  });
  const uploads = new SegmentUploader({ ...media.store, ...store }, context.signal, 10_000_000);
  const collector = new SegmentCollector({
    folder,
    outputs: [{ name, size: name === 'audio' ? null : SIZE }],
    contentType: 'video/mp4',
    keys: taskKeys(videoFolder, 1, null),
    firstSegment: 0,
    maxSegments: SEGMENTS,
    shortEnd: null,
    uploads,
    context,
    check: () => {},
  });
  if (options.early) await collector.collect().catch(() => undefined);
  const failure = await collector
    .finish()
    .then(() => uploads.drain())
    .then(
      () => null,
      (error: unknown) => error,
    );
  await uploads.abandon();
  const stored: number[] = [];
  for await (const { sizeBytes } of media.store.list(`processed/${videoFolder}/`)) stored.push(sizeBytes);
  return { failure, counts, segmentsDone: collector.segmentsDone, stored: stored.length };
}

function assertDamaged(failure: unknown): void {
  assert.ok(failure instanceof FarmFault, String(failure));
  assert.equal(failure.code, 'output_damaged');
}

/** Replaces bytes in the middle of the data of a segment; its boxes stay as they are. */
async function spoilData(folder: string, index: number): Promise<void> {
  const file = path.join(folder, segmentFile(index));
  const bytes = await readFile(file);
  const data = bytes.indexOf('mdat', 0, 'latin1') + 4;
  bytes.fill(0, data + Math.floor((bytes.length - data) / 3), data + Math.floor((bytes.length - data) / 2));
  await writeFile(file, bytes);
}

for (const name of ['240p', 'audio'] as const) {
  test(`${name}: what is whole is decoded without a complaint, and stored`, async () => {
    const { failure, counts, stored, segmentsDone } = await collect(name, { decodePercent: 100 });
    assert.equal(failure, null);
    assert.deepEqual(counts, { verified: SEGMENTS, decoded: SEGMENTS, damaged: 0 });
    assert.deepEqual([segmentsDone, stored], [SEGMENTS, SEGMENTS + 1]);
  });

  test(`${name}: damaged data are found by decoding, before the segment counts`, async () => {
    const change = (folder: string) => spoilData(folder, 1);
    const unseen = await collect(name, { change });
    assert.equal(unseen.failure, null, 'the boxes alone do not tell');
    const { failure, segmentsDone, stored } = await collect(name, { change, decodePercent: 100 });
    assertDamaged(failure);
    assert.ok(segmentsDone <= 1 && stored <= 2, 'the init and the first segment at most');
  });

  test(`${name}: damage that was found by chance is not forgotten`, async (t) => {
    const chances = [0.9, 0.1];
    t.mock.method(Math, 'random', () => chances.shift() ?? 0.9);
    const change = (folder: string) => spoilData(folder, 1);
    const { failure, counts } = await collect(name, { change, decodePercent: 50, early: true });
    assert.equal(counts.decoded, 1);
    assertDamaged(failure);
  });

  test(`${name}: a segment that was cut is not stored, nor what follows it`, async () => {
    const change = (folder: string) => truncate(path.join(folder, segmentFile(1)), 4096);
    const { failure, stored } = await collect(name, { change });
    assertDamaged(failure);
    assert.ok(stored <= 2);
  });

  test(`${name}: an empty file in the place of a segment is damage, not the end`, async () => {
    for (const bytes of [0, 24]) {
      const change = (folder: string) => truncate(path.join(folder, segmentFile(2)), bytes);
      assertDamaged((await collect(name, { change })).failure);
    }
  });

  test(`${name}: a playlist that was not written to its end is a fault`, async () => {
    const list = (folder: string) => path.join(folder, 'list.m3u8');
    for (const change of [
      (folder: string) => truncate(list(folder), 0),
      (folder: string) => truncate(list(folder), 140),
      (folder: string) => writeFile(path.join(folder, `${segmentFile(3)}.tmp`), ''),
    ])
      assertDamaged((await collect(name, { change })).failure);
  });

  test(`${name}: a file that changes between verification and upload is not stored`, async () => {
    const changes: ((file: string) => Promise<unknown>)[] = [
      (file) => truncate(file, 1000),
      (file) => truncate(file, 1_000_000),
      async (file) => {
        const bytes = await readFile(file);
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
        await writeFile(file, bytes);
      },
    ];
    for (const change of changes) {
      const { failure, stored } = await collect(name, {
        beforePut: async (folder, key) => {
          if (/1\.m4s$/.test(key)) await change(path.join(folder, segmentFile(1)));
        },
      });
      assertDamaged(failure);
      assert.ok(stored <= SEGMENTS, 'the one that changed is missing');
    }
  });
}

test('an init segment that was cut is not stored, nor any segment', async () => {
  for (const bytes of [0, 500]) {
    const { failure, stored } = await collect('240p', {
      change: (folder) => truncate(path.join(folder, 'init.mp4'), bytes),
    });
    assertDamaged(failure);
    assert.equal(stored, 0);
  }
});

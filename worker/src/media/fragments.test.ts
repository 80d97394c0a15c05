import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readFragment, readInit } from './fragments.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-fragments-'));
});
after(() => rm(folder, { recursive: true }));

async function fileOf(bytes: Buffer): Promise<string> {
  const file = path.join(folder, 'seg.m4s');
  await writeFile(file, bytes);
  return file;
}

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

test('reads how many samples a segment holds, when they begin and how long they last', async () => {
  const tfhd = Buffer.from([0, 0, 0, 0x08, 0, 0, 0, 1, 0, 0, 2, 0]);
  const tfdt = Buffer.from([0, 0, 0, 0, 0, 0, 0x10, 0]);
  const trun = Buffer.from([0, 0, 0, 0, 0, 0, 0, 25]);
  const moof = box('moof', box('traf', box('tfhd', tfhd), box('tfdt', tfdt), box('trun', trun)));
  const file = await fileOf(Buffer.concat([moof, box('mdat', Buffer.alloc(10))]));
  assert.deepEqual(await readFragment(file), {
    sizeBytes: moof.length + 18,
    samples: 25,
    startTicks: 4096,
    durationTicks: 25 * 512,
  });
});

test('boxes without number are refused', async () => {
  const many = Buffer.concat(Array.from({ length: 65_536 }, () => box('free')));
  for (const read of [readFragment, readInit])
    await assert.rejects(read(await fileOf(many)), { code: 'encoder_failed' });
});

test('boxes in boxes without end are refused', async () => {
  let nested = box('free');
  for (let depth = 0; depth < 1_000; depth++) nested = box('moof', nested);
  await assert.rejects(readFragment(await fileOf(nested)), { code: 'encoder_failed' });
});

test('an init segment of a gigabyte is not read', async () => {
  const file = await fileOf(box('moov'));
  await truncate(file, 1024 ** 3);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(readInit(file), { code: 'encoder_failed' });
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 ** 2);
});

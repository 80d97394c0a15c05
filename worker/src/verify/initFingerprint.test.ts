import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { hlsArgs } from '../segments/hlsArgs.ts';
import { readInit } from './fragments.ts';

let folder: string;
let init: Buffer;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-init-'));
  init = await makeInit('v', '64x48');
});
after(() => rm(folder, { recursive: true }));

async function makeInit(name: string, size: string): Promise<Buffer> {
  await mkdir(path.join(folder, name));
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10:duration=1`];
  const output = hlsArgs(name, { firstSegment: 0, cutSeconds: 0.1 });
  const args = ['-v', 'error', ...picture, '-c:v', 'libx264', '-avoid_negative_ts', 'disabled', ...output];
  await promisify(execFile)('ffmpeg', args, { cwd: folder });
  return readFile(path.join(folder, name, 'init.mp4'));
}

async function fingerprint(bytes: Buffer): Promise<string> {
  const file = path.join(folder, 'init.mp4');
  await writeFile(file, bytes);
  return (await readInit(file)).sha256;
}

function withByte(offset: number, change: number): Buffer {
  const copy = Buffer.from(init);
  copy.writeUInt8(copy.readUInt8(offset) ^ change, offset);
  return copy;
}

/** The same init with a box put into its sample entry, as other versions of ffmpeg do. */
function withBitRates(bytes: Buffer): Buffer {
  const box = Buffer.from('0000001462747274000000000007a1200007a120', 'hex');
  const at = bytes.indexOf('pasp', 0, 'latin1') - 4;
  const longer = Buffer.concat([bytes.subarray(0, at), box, bytes.subarray(at)]);
  for (const type of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'avc1']) {
    const size = longer.indexOf(type, 0, 'latin1') - 4;
    longer.writeUInt32BE(longer.readUInt32BE(size) + box.length, size);
  }
  return longer;
}

test('two versions of ffmpeg make init segments of one fingerprint, whatever they say of themselves', async () => {
  const expected = await fingerprint(init);
  const encoderName = init.indexOf('Lavc', 0, 'latin1');
  const muxerName = init.indexOf('Lavf', 0, 'latin1');
  assert.ok(encoderName > 0 && muxerName > encoderName);
  assert.equal(await fingerprint(withByte(encoderName + 4, 1)), expected);
  assert.equal(await fingerprint(withByte(muxerName + 4, 1)), expected);
  if (!init.includes('btrt', 0, 'latin1')) assert.equal(await fingerprint(withBitRates(init)), expected);
});

test('another configuration of the decoder, time scale, edit list or size is another fingerprint', async () => {
  const fingerprints = [await fingerprint(init), await fingerprint(await makeInit('w', '64x50'))];
  for (const [type, offset] of [
    ['avcC', 15],
    ['colr', 9],
    ['mdhd', 19],
    ['elst', 19],
    ['trex', 11],
  ] as const) {
    const at = init.indexOf(type, 0, 'latin1');
    if (at > 0) fingerprints.push(await fingerprint(withByte(at + offset, 1)));
  }
  assert.equal(new Set(fingerprints).size, fingerprints.length);
  assert.ok(fingerprints.length >= 6);
});

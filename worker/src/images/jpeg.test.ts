import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { readJpegSize } from './jpeg.ts';

const DAMAGED = { code: 'output_damaged' };
let picture: Buffer;
before(async () => {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=62x46', '-frames:v', '1', '-q:v', '4'];
  const output = ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-f', 'image2pipe', '-'];
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'error', ...source, ...output], {
    encoding: 'buffer',
  });
  picture = stdout;
});

test('reads the size of a whole picture', () => {
  assert.deepEqual(readJpegSize(picture), { width: 62, height: 46 });
});

test('a picture that lacks any of its last bytes, or has more, is damaged', () => {
  for (let length = 0; length < picture.length; length++) {
    assert.throws(() => readJpegSize(picture.subarray(0, length)), DAMAGED, `${length} bytes`);
  }
  for (const more of [Buffer.from([0]), Buffer.alloc(4096), picture]) {
    assert.throws(() => readJpegSize(Buffer.concat([picture, more])), DAMAGED);
  }
});

test('a picture whose end is zeros is damaged', () => {
  for (let length = 0; length < picture.length; length += 16) {
    const copy = Buffer.from(picture);
    copy.fill(0, length);
    assert.throws(() => readJpegSize(copy), DAMAGED, `zeros from ${length}`);
  }
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { receiveBytes } from './receiveBytes.ts';

const PIECE_BYTES = 64 * 1024;

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-receive-'));
});
after(() => rm(folder, { recursive: true }));

/** Each in memory of its own, as a server's requests have them; and one that shares it. */
function makePieces(): Buffer[] {
  const own = [1, 2, 3].map((value) => Buffer.from(new ArrayBuffer(PIECE_BYTES)).fill(value));
  return [
    ...own,
    Buffer.from(new ArrayBuffer(2 * PIECE_BYTES))
      .fill(4)
      .subarray(0, PIECE_BYTES),
  ];
}

for (const freesBuffers of [true, false]) {
  test(`${freesBuffers ? 'frees' : 'keeps'} buffers that are written, and the file has them all`, async () => {
    const pieces = makePieces();
    const expected = Buffer.concat(pieces);
    const name = path.join(folder, `file-${freesBuffers}`);
    const file = await open(name, 'wx');
    const source = Readable.from(pieces, { objectMode: false });
    const md5 = await receiveBytes(source, file, { position: 0, sizeBytes: expected.length, freesBuffers });
    await file.close();
    assert.deepEqual(await readFile(name), expected);
    assert.equal(md5, createHash('md5').update(expected).digest('hex'));
    const kept = freesBuffers ? [0, 0, 0, PIECE_BYTES] : pieces.map(() => PIECE_BYTES);
    assert.deepEqual(
      pieces.map(({ length }) => length),
      kept,
    );
  });
}

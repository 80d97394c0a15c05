import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { receiveFile } from './files.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-files-'));
});
after(() => rm(folder, { recursive: true }));

test('a file is received whole, with its size and MD5', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('abc'), Buffer.alloc(300_000, 7)]) {
    const file = path.join(folder, 'deep', String(bytes.length));
    const { sizeBytes, md5 } = await receiveFile(Readable.from([bytes]), file, () => undefined);
    assert.equal(sizeBytes, bytes.length);
    assert.equal(md5.length, 32);
    assert.deepEqual(await readFile(file), bytes);
  }
});

test('what is refused, or breaks off, leaves nothing and what was there', async () => {
  const file = path.join(folder, 'kept');
  await receiveFile(Readable.from(['before']), file, () => undefined);
  const refuse = (): never => {
    throw new Error('another');
  };
  await assert.rejects(receiveFile(Readable.from(['after']), file, refuse), /another/);
  const breaking = Readable.from(
    (async function* () {
      yield 'a';
      throw new Error('broken');
    })(),
  );
  await assert.rejects(
    receiveFile(breaking, file, () => undefined),
    /broken/,
  );
  assert.equal(await readFile(file, 'utf8'), 'before');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('kept')),
    ['kept'],
  );
});

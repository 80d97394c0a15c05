import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPatches } from './applyPatches.ts';

test('patches replace their bytes, however a source is cut into stretches', () => {
  const patches = [
    { offset: 3, hex: '41424344' },
    { offset: 9, hex: '5a' },
  ];
  for (let length = 1; length <= 12; length++) {
    const read: Buffer[] = [];
    for (let offset = 0; offset < 12; offset += length) {
      const stretch = Buffer.from('............'.slice(offset, offset + length));
      applyPatches(patches, stretch, offset);
      read.push(stretch);
    }
    assert.equal(Buffer.concat(read).toString(), '...ABCD..Z..');
  }
});

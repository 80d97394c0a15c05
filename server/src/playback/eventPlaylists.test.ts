import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVideoCodecs } from './eventPlaylists.ts';

test('the codec string has profile, constraints and level of the avcC box', () => {
  const init = Buffer.concat([
    Buffer.from('....avc1....'),
    Buffer.from('avcC'),
    Buffer.from([1, 0x64, 0, 0x1f, 0xff]),
  ]);
  assert.equal(readVideoCodecs(init), 'avc1.64001f');
});

test('an init segment without a video track, or a truncated one, has no codec string', () => {
  assert.equal(readVideoCodecs(Buffer.from('....mp4a....esds')), null);
  assert.equal(readVideoCodecs(Buffer.from('....avcC\u0001d')), null);
});

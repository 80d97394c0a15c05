import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSoundRead } from './soundRead.ts';

test('reads how much of a track ffmpeg read and decoded', () => {
  const line =
    '  Input stream #0:1 (audio): 235 packets read (283420 bytes); 233 frames decoded (238592 samples); ';
  assert.deepEqual(parseSoundRead(line, 1), { packets: 235, frames: 233, samples: 238_592 });
  assert.equal(parseSoundRead(line, 0), null);
  const copied = '  Input stream #0:1 (audio): 9 packets read (99 bytes); ';
  assert.deepEqual(parseSoundRead(copied, 1), { packets: 9, frames: null, samples: 0 });
});

test('reads it of ffmpeg 7 and later, too, which names the input and counts errors', () => {
  const line =
    '  Input stream #0:1 (audio): 9 packets read (99 bytes); 7 frames decoded; 2 decode errors (7168 samples); ';
  for (const input of ['mpegts @ 0x56299da5b000', 'mov,mp4,m4a,3gp,3g2,mj2 @ 0x55']) {
    const read = parseSoundRead(`[in#0/${input}] ${line}`, 1);
    assert.deepEqual(read, { packets: 9, frames: 7, samples: 7_168 });
  }
  const copied = '[in#0/mpegts @ 0x55]   Input stream #0:1 (audio): 9 packets read (99 bytes); ';
  assert.deepEqual(parseSoundRead(copied, 1), { packets: 9, frames: null, samples: 0 });
});

test('no other line counts, least of all a text in the file', () => {
  for (const line of [
    '  Input stream #0:1 (video): 9 packets read (99 bytes); 9 frames decoded; ',
    '    title           :   Input stream #0:1 (audio): 9 packets read (99 bytes); ',
    '                    :   Input stream #0:1 (audio): 9 packets read (99 bytes); ',
    '[in#0/mpegts @ 0x55]     title   :   Input stream #0:1 (audio): 9 packets read (99 bytes); ',
    '[mpegts @ 0x55]   Input stream #0:1 (audio): 9 packets read (99 bytes); ',
    '  Total: 264 packets (56848 bytes) demuxed',
  ]) {
    assert.equal(parseSoundRead(line, 1), null, line);
  }
});

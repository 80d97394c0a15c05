import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoundReadLines } from './soundRead.ts';

function readOf(...lines: string[]) {
  const reading = new SoundReadLines(1);
  for (const line of lines) reading.push(line);
  return reading.read;
}

const LINE =
  '  Input stream #0:1 (audio): 235 packets read (283420 bytes); 233 frames decoded (238592 samples); ';

test('reads how much of a track ffmpeg read and decoded', () => {
  assert.deepEqual(readOf(LINE), { packets: 235, frames: 233, refused: 0 });
  assert.equal(readOf(LINE.replace('#0:1', '#0:0')), null);
  // ffmpeg 7 and later
  const later =
    '[in#0/matroska,webm @ 0x55a5b4e49cc0]   Input stream #0:1 (audio): 9 packets read (99 bytes); 7 frames decoded; 2 decode errors (7168 samples); ';
  assert.deepEqual(readOf(later), { packets: 9, frames: 7, refused: 2 });
  const copied = '  Input stream #0:1 (audio): 9 packets read (99 bytes); ';
  assert.deepEqual(readOf(copied), { packets: 9, frames: null, refused: 0 });
});

test('counts the packets that were refused, of this track only', () => {
  const refused = 'Error while decoding stream #0:1: Invalid data found when processing input';
  const repeated = '    Last message repeated 3 times';
  assert.equal(readOf(refused, repeated, refused, LINE)?.refused, 5);
  assert.equal(readOf(refused.replace('#0:1', '#0:2'), repeated, LINE)?.refused, 0);
  assert.equal(readOf('[aac @ 0x1] Error decoding AAC frame header.', repeated, LINE)?.refused, 0);
});

test('reads it of ffmpeg 7 and later, too, which names the input and counts errors', () => {
  const line =
    '  Input stream #0:1 (audio): 9 packets read (99 bytes); 7 frames decoded; 2 decode errors (7168 samples); ';
  for (const input of ['mpegts @ 0x56299da5b000', 'mov,mp4,m4a,3gp,3g2,mj2 @ 0x55']) {
    assert.deepEqual(readOf(`[in#0/${input}] ${line}`), { packets: 9, frames: 7, refused: 2 });
  }
  const copied = '[in#0/mpegts @ 0x55]   Input stream #0:1 (audio): 9 packets read (99 bytes); ';
  assert.deepEqual(readOf(copied), { packets: 9, frames: null, refused: 0 });
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
    assert.equal(readOf(line), null, line);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressReader } from './progress.ts';

const BLOCK = `frame=147
fps=97.30
stream_0_0_q=29.0
bitrate=N/A
total_size=N/A
out_time_us=4833333
out_time_ms=4833333
out_time=00:00:04.833333
dup_frames=0
drop_frames=0
speed=3.21x
progress=continue`;

function readAll(text: string) {
  const reader = new ProgressReader();
  return text.split('\n').flatMap((line) => reader.push(line) ?? []);
}

test('a block of lines is one report', () => {
  assert.deepEqual(readAll(BLOCK), [{ frame: 147, outTimeSeconds: 4.833333, speed: 3.21, ended: false }]);
});

test('what ffmpeg does not know yet is null, and the last block says so', () => {
  const early = 'frame=0\nout_time_us=-9223372036854775807\nspeed=N/A\nprogress=end';
  assert.deepEqual(readAll(early), [{ frame: 0, outTimeSeconds: 0, speed: null, ended: true }]);
  const none = 'bitrate=N/A\nout_time_us=N/A\nspeed=   0x\nprogress=continue';
  assert.deepEqual(readAll(none), [{ frame: 0, outTimeSeconds: null, speed: 0, ended: false }]);
});

test('fields do not leak into the next report, and noise is passed over', () => {
  assert.equal(readAll(`${BLOCK}\ngarbage\nprogress=end`)[1]?.frame, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FarmFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { damaged, diskFaultIn, diskFaultOf, withDamageCounted } from './damage.ts';

const failedCall = (code: string) => Object.assign(new Error(`${code}: unlink 'seg'`), { code });

// as ffmpeg 5.1 wrote them on a tmpfs without room or without inodes
const MESSAGES = [
  'av_interleaved_write_frame(): No space left on device',
  'Error writing trailer of 240p/list.m3u8: No space left on device',
  "[hls @ 0x5623eaebc680] Failed to open file '240p/seg_00000.m4s.tmp'",
  '[hls @ 0x5623eaeb66c0] failed to rename file a/seg_00001.m4s.tmp to a/seg_00001.m4s: No such file or directory',
  '[image2 @ 0x56145]  Could not open file : cover.jpg',
  'frame=1\ncover.jpg: Disk quota exceeded\nConversion failed!',
];

test('what a program says of writes that failed is a fault of the disk', () => {
  for (const line of MESSAGES) assert.equal(diskFaultIn(line)?.code, 'disk_full', line);
});

test('what a program says of its input is not', () => {
  for (const line of [
    '',
    "[matroska @ 0x1] Unknown EBML doctype 'No space left on device'",
    'http://127.0.0.1:1/source: Input/output error',
    '[mov @ 0x1] failed to rename file',
    '    title           : No space left on device',
    '                    : cover.jpg: No space left on device',
  ])
    assert.equal(diskFaultIn(line), null, line);
});

test('system calls that fail for the disk are a fault of the disk, others are not', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']) {
    const fault = diskFaultOf(failedCall(code));
    assert.ok(fault instanceof FarmFault && fault.code === 'disk_full', code);
  }
  for (const code of ['ENOENT', 'ECONNRESET']) assert.equal(diskFaultOf(failedCall(code)), null);
  assert.equal(diskFaultOf('ENOSPC'), null);
});

test('damage is counted once, whatever it is explained with, and nothing else is', async () => {
  const counted: string[] = [];
  const context = { onVerified: (what: string) => void counted.push(what) };
  const run = (error: Error) => withDamageCounted('/nowhere', context, () => Promise.reject(error));
  await assert.rejects(run(damaged('a segment')), { code: 'output_damaged', diagnostics: 'a segment' });
  assert.deepEqual(counted, ['damaged']);
  await assert.rejects(run(failedCall('ENOSPC')), { code: 'disk_full' });
  await assert.rejects(run(new ReelmillError('undecodable', 'no')), { code: 'undecodable' });
  assert.equal(await withDamageCounted('/nowhere', context, async () => 7), 7);
  assert.deepEqual(counted, ['damaged']);
});

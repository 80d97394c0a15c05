import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FarmFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { diskFaultOf } from '../scratch/diskFaults.ts';
import { damaged, withDamageCounted } from './damage.ts';

const failedCall = (code: string) => Object.assign(new Error(`${code}: unlink 'seg'`), { code });

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
  const run = (error: Error) => withDamageCounted(context, () => Promise.reject(error));
  await assert.rejects(run(damaged('a segment')), { code: 'output_damaged', diagnostics: 'a segment' });
  assert.deepEqual(counted, ['damaged']);
  await assert.rejects(run(failedCall('ENOSPC')), { code: 'disk_full' });
  await assert.rejects(run(new ReelmillError('undecodable', 'no')), { code: 'undecodable' });
  assert.equal(await withDamageCounted(context, async () => 7), 7);
  assert.deepEqual(counted, ['damaged']);
});

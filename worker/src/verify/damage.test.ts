import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FarmFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { diskFaultOf } from '../scratch/diskFaults.ts';
import { damaged, withDamageCounted } from './damage.ts';

const failedCall = (code: string) => Object.assign(new Error(`${code}: unlink 'seg'`), { code });

test('a system call that fails for the disk is a fault of the disk, any other is not', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']) {
    const fault = diskFaultOf(failedCall(code));
    assert.ok(fault instanceof FarmFault && fault.code === 'disk_full', code);
  }
  for (const code of ['ENOENT', 'ECONNRESET']) assert.equal(diskFaultOf(failedCall(code)), null);
  assert.equal(diskFaultOf('ENOSPC'), null);
});

test('counts damage once, whatever its diagnostics are, and nothing else', async () => {
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

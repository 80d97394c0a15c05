import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isHealthy, writeHealth } from './healthFile.ts';

const HEALTH = { connected: true, state: 'idle' };

test('writes the health of the worker, and leaves no other file where that fails', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'reelmill-health-'));
  try {
    const at = new Date();
    await writeHealth(folder, { at, ...HEALTH });
    assert.equal(await isHealthy(folder, at, { connected: true }), true);
    await rm(path.join(folder, 'health.json'));
    // a folder that is not empty cannot be replaced by a file
    await mkdir(path.join(folder, 'health.json', 'in the way'), { recursive: true });
    await assert.rejects(writeHealth(folder, { at, ...HEALTH }));
    assert.deepEqual(await readdir(folder), ['health.json']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTemporaryFolder, startProcess } from '../support/processes.ts';
import { startServerProcess } from '../support/server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../server/src/main.ts');

test('a server process prints its URL, and shuts down in order on a signal', async () => {
  const folder = await makeTemporaryFolder('process');
  try {
    const server = await startServerProcess({ REELMILL_PROFILE: 'standalone', REELMILL_DATA: folder.path });
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    server.process.child.kill('SIGTERM');
    server.process.child.kill('SIGTERM');
    assert.deepEqual(await server.process.waitForExit(), { code: 0, signal: null });
    assert.doesNotMatch(server.process.lastLines(), /Warning/);
    await assert.rejects(fetch(`${server.url}/healthz`));
  } finally {
    await folder.remove();
  }
});

test('an invalid configuration is rejected with all its faults', async () => {
  const env = {
    REELMILL_PROFILE: 'distributed',
    PORT: 'many',
    DATABASE_URL: '',
    JWT_SECRET: 'short',
    S3_SECRET_KEY: 'change-me',
    AMQP_URL: 'amqp://guest:guest@127.0.0.1',
  };
  const server = startProcess(process.execPath, [MAIN], { env });
  assert.deepEqual(await server.waitForExit(), { code: 1, signal: null });
  for (const name of [
    'PORT',
    'DATABASE_URL',
    'JWT_SECRET',
    'AMQP_URL',
    'S3_ENDPOINT',
    'S3_UPLOAD_SECRET_KEY',
  ]) {
    assert.match(server.lastLines(), new RegExp(`${name}: `));
  }
  assert.match(server.lastLines(), /S3_SECRET_KEY: is a placeholder/);
  assert.match(server.lastLines(), /AMQP_URL: its password is a placeholder/);
});

test('a port in use is reported before anything is changed', async () => {
  const folder = await makeTemporaryFolder('process');
  const other = await makeTemporaryFolder('process');
  const env = { REELMILL_PROFILE: 'standalone', EMBEDDED_WORKER: 'false' };
  const first = await startServerProcess({ ...env, REELMILL_DATA: folder.path });
  try {
    const { port } = new URL(first.url);
    const second = startProcess(process.execPath, [MAIN], {
      env: { ...env, PORT: port, REELMILL_DATA: path.join(other.path, 'data') },
    });
    assert.deepEqual(await second.waitForExit(), { code: 1, signal: null });
    assert.match(second.lastLines(), /EADDRINUSE/);
    await assert.rejects(access(path.join(other.path, 'data')));
  } finally {
    await first.stop();
    await Promise.all([folder.remove(), other.remove()]);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type UpdateEvent, UpdateService } from './updateService.ts';

function updating() {
  let tell: (event: UpdateEvent) => void = () => undefined;
  const asked: string[] = [];
  const results: (() => void)[] = [];
  const service = new UpdateService(
    {
      subscribe: (listener) => {
        tell = listener;
      },
      check: async () => {
        asked.push('check');
        results.shift()?.();
      },
      installNow: () => void asked.push('install'),
    },
    createLogger({ level: 'silent', name: 'test' }),
  );
  const seen: string[] = [];
  service.subscribe((state) => void seen.push(state.status));
  return { service, asked, seen, results, tell: (event: UpdateEvent) => tell(event) };
}

test('never checks without an update server', async () => {
  const service = new UpdateService(null, createLogger({ level: 'silent', name: 'test' }));
  service.start();
  const off = { status: 'off', version: null, message: null };
  assert.deepEqual(await service.check(), off);
  service.installNow();
  assert.deepEqual(service.state, off);
});

test('finds and downloads a new version, and keeps it ready', async () => {
  const { service, asked, seen, results, tell } = updating();
  results.push(() => tell({ type: 'found', version: '2.0.0' }));
  assert.deepEqual(await service.check(), { status: 'downloading', version: '2.0.0', message: null });
  service.installNow();
  tell({ type: 'downloaded', version: '2.0.0' });
  tell({ type: 'failed', message: 'too late to matter' });
  await service.check();
  assert.deepEqual(service.state, { status: 'ready', version: '2.0.0', message: null });
  assert.deepEqual(seen, ['checking', 'downloading', 'ready']);
  service.installNow();
  assert.deepEqual(asked, ['check', 'install']);
});

test('reports an unreachable server as a state with one line, and checks again later', async () => {
  const { service, seen, results, tell } = updating();
  results.push(() => {
    tell({ type: 'failed', message: 'net::ERR_NAME_NOT_RESOLVED\n    at SimpleURLLoaderWrapper' });
    throw new Error('net::ERR_NAME_NOT_RESOLVED\n    at SimpleURLLoaderWrapper');
  });
  results.push(() => tell({ type: 'none' }));
  const failed = await service.check();
  assert.deepEqual(failed, { status: 'failed', version: null, message: 'net::ERR_NAME_NOT_RESOLVED' });
  assert.equal((await service.check()).status, 'idle');
  assert.deepEqual(seen, ['checking', 'failed', 'checking', 'idle']);
});

test('only reports the version in a build that may not install, and checks again', async () => {
  const { service, asked, results, tell } = updating();
  results.push(() => tell({ type: 'available', version: '2.0.0' }));
  assert.deepEqual(await service.check(), { status: 'available', version: '2.0.0', message: null });
  service.installNow();
  results.push(() => tell({ type: 'none' }));
  assert.equal((await service.check()).status, 'idle');
  assert.deepEqual(asked, ['check', 'check']);
});

test('reports an unsigned version as refused, not as failed, and checks again', async () => {
  const { service, asked, seen, results, tell } = updating();
  results.push(() => {
    tell({ type: 'refused', message: 'The new version is not signed.' });
    throw new Error('The new version is not signed.');
  });
  assert.equal((await service.check()).status, 'refused');
  service.installNow();
  results.push(() => tell({ type: 'found', version: '2.0.0' }));
  await service.check();
  // its file is another one than was signed
  tell({ type: 'refused', message: 'sha512 checksum mismatch' });
  assert.equal(service.state.status, 'refused');
  service.installNow();
  assert.deepEqual(seen, ['checking', 'refused', 'checking', 'downloading', 'refused']);
  assert.deepEqual(asked, ['check', 'check']);
});

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { DEFAULT_APP_SETTINGS, type Settings } from '@reelmill/desktop/contracts/desktop.ts';
import { RateClock } from '@reelmill/desktop/main/settings/rateClock.ts';
import { SettingsStore } from '@reelmill/desktop/main/settings/settingsStore.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

describe('the settings of the app', () => {
  let folder: TemporaryFolder;
  let file: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder('settings');
    file = path.join(folder.path, 'app', 'settings.json');
  });
  afterEach(() => folder.remove());

  test('are the defaults at first, and the saved ones the next time', async () => {
    const store = await SettingsStore.open(file);
    assert.deepEqual(store.current, DEFAULT_APP_SETTINGS);
    const told: Settings[] = [];
    const leave = store.subscribe((settings) => told.push(settings));
    const changed = await store.set({ theme: 'dark', fileConcurrency: 4 });
    assert.deepEqual(changed, { ...DEFAULT_APP_SETTINGS, theme: 'dark', fileConcurrency: 4 });
    leave();
    await store.set({ theme: 'light' });
    assert.deepEqual(told, [changed]);
    assert.deepEqual((await SettingsStore.open(file)).current, { ...changed, theme: 'light' });
    assert.deepEqual(await readdir(path.dirname(file)), ['settings.json']);
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  test('changes at the same time do not undo each other', async () => {
    const store = await SettingsStore.open(file);
    await Promise.all([
      store.set({ theme: 'dark' }),
      store.set({ language: 'zh-CN' }),
      store.set({ bytesPerSecond: 500_000 }),
    ]);
    const expected = { ...DEFAULT_APP_SETTINGS, theme: 'dark', language: 'zh-CN', bytesPerSecond: 500_000 };
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), expected);
  });

  test('do not change where they cannot be saved, and the next change is saved', async () => {
    const store = await SettingsStore.open(file);
    // a folder in the place of the file
    await mkdir(file, { recursive: true });
    await assert.rejects(store.set({ theme: 'dark' }), { code: 'disk_full' });
    assert.deepEqual(store.current, DEFAULT_APP_SETTINGS);
    await rm(file, { recursive: true });
    assert.equal((await store.set({ theme: 'light' })).theme, 'light');
  });

  test('the limit follows the schedule and the settings', async () => {
    const store = await SettingsStore.open(file);
    await store.set({
      bytesPerSecond: 5_000_000,
      schedule: { enabled: true, from: '09:00', to: '18:00', bytesPerSecond: 1_000_000 },
    });
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: new Date(2025, 5, 10, 8, 59, 30) });
    const applied: (number | null)[] = [];
    const clock = new RateClock(store, (rate) => applied.push(rate));
    try {
      assert.deepEqual(applied, [5_000_000]);
      mock.timers.tick(29_999);
      assert.deepEqual(applied, [5_000_000]);
      mock.timers.tick(1);
      assert.deepEqual(applied, [5_000_000, 1_000_000]);
      // the machine slept through the rest of the day
      mock.timers.setTime(new Date(2025, 5, 10, 20).getTime());
      clock.refresh();
      assert.deepEqual(applied, [5_000_000, 1_000_000, 5_000_000]);
      assert.equal(clock.bytesPerSecond, 5_000_000);
      clock.close();
      mock.timers.tick(24 * 3_600_000);
      assert.equal(applied.length, 3);
    } finally {
      clock.close();
      mock.timers.reset();
    }
  });

  test('a limit that is set takes effect at once', async () => {
    const store = await SettingsStore.open(file);
    const applied: (number | null)[] = [];
    const clock = new RateClock(store, (rate) => applied.push(rate));
    await store.set({ bytesPerSecond: 100_000 });
    await store.set({ theme: 'dark' });
    await store.set({ bytesPerSecond: null });
    clock.close();
    await store.set({ bytesPerSecond: 200_000 });
    assert.deepEqual(applied, [null, 100_000, null]);
  });
});

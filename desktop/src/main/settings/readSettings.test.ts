import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_APP_SETTINGS, type Settings } from '../../contracts/desktop.ts';
import { readSettings } from './readSettings.ts';

const CHOSEN: Settings = {
  language: 'zh-CN',
  theme: 'dark',
  fileConcurrency: 5,
  bytesPerSecond: 1_000_000,
  schedule: { enabled: true, from: '22:30', to: '06:00', bytesPerSecond: null },
  watchFolder: { enabled: true, path: '/videos' },
  notifications: false,
  keepInTray: false,
  openAtLogin: true,
  staySignedIn: false,
};

test('reads back the settings that were written', () => {
  assert.deepEqual(readSettings(JSON.stringify(CHOSEN)), CHOSEN);
});

test('returns the defaults for an unreadable file', () => {
  for (const text of ['', '{"theme":', 'null', '[]', '7']) {
    assert.deepEqual(readSettings(text), DEFAULT_APP_SETTINGS, text);
  }
});

test('replaces missing and invalid fields by their defaults', () => {
  const { openAtLogin: _, ...older } = CHOSEN;
  const text = JSON.stringify({ ...older, theme: 'neon', fileConcurrency: 99, retired: true });
  assert.deepEqual(readSettings(text), {
    ...CHOSEN,
    theme: DEFAULT_APP_SETTINGS.theme,
    fileConcurrency: DEFAULT_APP_SETTINGS.fileConcurrency,
    openAtLogin: DEFAULT_APP_SETTINGS.openAtLogin,
  });
});

test('does so for the fields of the schedule and the watch folder, too', () => {
  const text = JSON.stringify({
    ...CHOSEN,
    schedule: { ...CHOSEN.schedule, from: '25:00' },
    watchFolder: { enabled: 'yes', path: '/videos' },
  });
  const read = readSettings(text);
  assert.deepEqual(read.schedule, { ...CHOSEN.schedule, from: DEFAULT_APP_SETTINGS.schedule.from });
  assert.deepEqual(read.watchFolder, { enabled: false, path: '/videos' });
});

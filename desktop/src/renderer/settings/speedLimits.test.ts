import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsSchema } from '../../contracts/desktop.ts';
import { choiceOf, fromMegabytes, LEAST_MB, limitOf, PRESETS, toMegabytes } from './speedLimits.ts';

const MB = 1024 * 1024;

test('a limit is shown as none, as one of those offered, or as a value of one’s own', () => {
  assert.equal(choiceOf(null), 'none');
  assert.equal(choiceOf(2 * MB), `${2 * MB}`);
  assert.equal(choiceOf(3 * MB), 'own');
});

test('every choice but a value of one’s own names its limit', () => {
  assert.equal(limitOf('none'), null);
  assert.equal(limitOf('own'), undefined);
  for (const preset of PRESETS) assert.equal(limitOf(choiceOf(preset)), preset);
});

test('megabytes come back as they were typed', () => {
  for (const typed of [0.02, 0.25, 1, 3.7, 12.34, 900]) {
    assert.equal(toMegabytes(fromMegabytes(typed) ?? 0), typed);
  }
  assert.equal(fromMegabytes('3.5'), 3.5 * MB);
  assert.equal(fromMegabytes(''), null);
});

test('whatever is typed, the settings take it', () => {
  const limit = settingsSchema.shape.bytesPerSecond;
  for (const typed of [-3, 0, LEAST_MB, 0.1234, 1e9]) {
    assert.ok(limit.safeParse(fromMegabytes(typed)).success, String(typed));
  }
  for (const preset of PRESETS) assert.ok(limit.safeParse(preset).success);
});

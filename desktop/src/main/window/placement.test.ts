import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SIZE, MINIMUM_SIZE, placeWindow } from './placement.ts';

const LAPTOP = { x: 0, y: 25, width: 1440, height: 875 };
const BESIDE = { x: 1440, y: 0, width: 2560, height: 1400 };

test('opens the first window with the default size, where the system places it', () => {
  assert.deepEqual(placeWindow(null, [LAPTOP]), { ...DEFAULT_SIZE, maximized: false });
});

test('restores a window where it was', () => {
  const saved = { x: 1500, y: 40, width: 1200, height: 800, maximized: true };
  assert.deepEqual(placeWindow(saved, [LAPTOP, BESIDE]), saved);
});

test('keeps the size of a window whose screen is gone', () => {
  const saved = { x: 1500, y: 40, width: 1200, height: 800, maximized: false };
  assert.deepEqual(placeWindow(saved, [LAPTOP]), { width: 1200, height: 800, maximized: false });
});

test('moves a window whose title bar is out of reach', () => {
  for (const [x, y] of [
    [-1150, 100],
    [1400, 100],
    [100, -20],
    [100, 890],
  ] as const) {
    const place = placeWindow({ x, y, width: 1200, height: 800, maximized: false }, [LAPTOP]);
    assert.deepEqual(place, { width: 1200, height: 800, maximized: false }, `${x}, ${y}`);
  }
});

test('keeps a size between the minimum and the screen', () => {
  const saved = { x: 10, y: 30, width: 4000, height: 3000, maximized: false };
  const place = placeWindow(saved, [LAPTOP]);
  assert.deepEqual([place.width, place.height], [LAPTOP.width, LAPTOP.height]);
  const tiny = placeWindow({ ...saved, width: 10, height: 10 }, []);
  assert.deepEqual([tiny.width, tiny.height], [MINIMUM_SIZE.width, MINIMUM_SIZE.height]);
});

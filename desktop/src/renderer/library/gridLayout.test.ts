import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GAP, keepPlace, layoutGrid, nextCard } from './gridLayout.ts';

describe('the grid of the library', () => {
  test('has as many columns as fit, and always one', () => {
    assert.equal(layoutGrid(916).columns, 4);
    assert.equal(layoutGrid(664).columns, 3);
    assert.equal(layoutGrid(120).columns, 1);
    const exact = 200 * 3 + GAP * 2;
    assert.deepEqual([layoutGrid(exact).columns, layoutGrid(exact - 1).columns], [3, 2]);
  });

  test('its rows grow with the covers', () => {
    assert.ok(layoutGrid(1_000).rowHeight > layoutGrid(916).rowHeight);
    assert.ok(Number.isInteger(layoutGrid(917).rowHeight));
  });

  test('keeps the card at the top when the window is made wider or narrower', () => {
    const four = { columns: 4, rowHeight: 200 };
    const three = { columns: 3, rowHeight: 250 };
    assert.equal(keepPlace(3 * 200, four, three), 4 * 250);
    assert.equal(keepPlace(0, four, three), 0);
    assert.equal(keepPlace(4.5 * 250, three, four), 3.5 * 200);
  });

  test('is navigated with the keys, up to its ends', () => {
    const grid = { columns: 4, count: 10, pageRows: 2 };
    const from = (at: number, key: string) => nextCard(key, at, grid);
    assert.deepEqual([from(5, 'ArrowLeft'), from(5, 'ArrowRight')], [4, 6]);
    assert.deepEqual([from(0, 'ArrowLeft'), from(9, 'ArrowRight')], [0, 9]);
    assert.deepEqual([from(5, 'ArrowUp'), from(1, 'ArrowUp')], [1, 1]);
    assert.deepEqual([from(1, 'ArrowDown'), from(7, 'ArrowDown'), from(9, 'ArrowDown')], [5, 9, 9]);
    assert.deepEqual([from(9, 'PageUp'), from(6, 'PageUp'), from(1, 'PageDown')], [1, 2, 9]);
    assert.deepEqual([from(5, 'Home'), from(5, 'End')], [0, 9]);
    assert.equal(from(5, 'a'), undefined);
  });
});

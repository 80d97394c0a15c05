import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  activate,
  clearSelected,
  extendSelection,
  NOTHING_SELECTED,
  pruneSelection,
  selectAll,
  selectOnly,
  toggleSelected,
} from './selection.ts';

const VISIBLE = ['a', 'b', 'c', 'd', 'e'];

describe('the selection of rows', () => {
  test('a range goes from the anchor to the row, in both directions, and keeps its anchor', () => {
    const first = extendSelection(selectOnly('c'), VISIBLE, 'e');
    assert.deepEqual([...first.ids], ['c', 'd', 'e']);
    const second = extendSelection(first, VISIBLE, 'a');
    assert.deepEqual([...second.ids], ['a', 'b', 'c']);
    assert.equal(second.anchor, 'c');
    assert.equal(second.active, 'a');
  });

  test('a range without an anchor begins at the active row, or is the row alone', () => {
    const moved = activate(NOTHING_SELECTED, 'b');
    assert.deepEqual([...extendSelection(moved, VISIBLE, 'd').ids], ['b', 'c', 'd']);
    assert.deepEqual([...extendSelection(NOTHING_SELECTED, VISIBLE, 'd').ids], ['d']);
  });

  test('a row is added and taken out again, and the others stay', () => {
    const both = toggleSelected(selectOnly('a'), 'c');
    assert.deepEqual([...both.ids], ['a', 'c']);
    assert.deepEqual([...toggleSelected(both, 'a').ids], ['c']);
  });

  test('all rows are selected and unselected without moving the active row', () => {
    const all = selectAll(selectOnly('d'), VISIBLE);
    assert.equal(all.ids.size, 5);
    assert.equal(all.active, 'd');
    const none = clearSelected(all);
    assert.equal(none.ids.size, 0);
    assert.equal(none.active, 'd');
  });

  test('removed rows are unselected; the next row becomes active, or the one before', () => {
    const chosen = extendSelection(selectOnly('c'), VISIBLE, 'd');
    const pruned = pruneSelection(chosen, VISIBLE, ['a', 'b', 'c', 'e']);
    assert.deepEqual([...pruned.ids], ['c']);
    assert.equal(pruned.active, 'e');
    assert.equal(pruneSelection(selectOnly('e'), VISIBLE, ['a', 'b']).active, 'b');
    assert.equal(pruneSelection(selectOnly('e'), VISIBLE, []).active, null);
  });

  test('a selection that lost nothing stays the same object', () => {
    const chosen = selectOnly('b');
    assert.equal(pruneSelection(chosen, VISIBLE, ['a', 'b']), chosen);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { moveInOrder, queueIndexFor } from './ordering.ts';

const ORDER = ['a', 'b', 'c', 'd', 'e'];

function moved(id: string, visibleIndex: number, visible: string[] = ORDER): string | null {
  const index = queueIndexFor(ORDER, visible, id, visibleIndex);
  return index === null ? null : moveInOrder(ORDER, id, index).join('');
}

describe('the place of a row that is moved', () => {
  test('is the one where it was put', () => {
    assert.equal(moved('d', 0), 'dabce');
    assert.equal(moved('d', 2), 'abdce');
    assert.equal(moved('a', 1), 'bacde');
    assert.equal(moved('a', 4), 'bcdea');
  });

  test('is beyond the visible neighbour where others are hidden between', () => {
    const visible = ['a', 'c', 'e'];
    assert.equal(moved('a', 1, visible), 'bcade');
    assert.equal(moved('e', 1, visible), 'abecd');
    assert.equal(moved('c', 2, visible), 'abdec');
  });

  test('stays within the list, and is null where nothing moves', () => {
    assert.equal(moved('b', 99), 'acdeb');
    assert.equal(moved('b', -1), 'bacde');
    assert.equal(moved('a', -1), null);
    assert.equal(moved('b', 1), null);
    assert.equal(moved('x', 1), null);
  });
});

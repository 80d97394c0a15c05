import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { isOldSegment, reasonToDropSource } from './leftovers.ts';

test('a segment is old when its plan is over', () => {
  const segment = (version: number) => objectKeys.segment(1, '720p', version, 3);
  for (const status of ['transcoding', 'online', 'failed', 'canceled'] as const) {
    assert.ok(isOldSegment({ status, planVersion: 2 }, segment(1)), status);
    assert.ok(!isOldSegment({ status, planVersion: 2 }, segment(3)), status);
    const ended = status === 'failed' || status === 'canceled';
    assert.equal(isOldSegment({ status, planVersion: 2 }, segment(2)), ended, status);
    assert.equal(isOldSegment({ status, planVersion: 2 }, objectKeys.init(1, 'audio', 2)), ended, status);
    for (const key of [objectKeys.cover(1), objectKeys.master(1), objectKeys.playlist(1, '720p')]) {
      assert.ok(!isOldSegment({ status, planVersion: 2 }, key), key);
    }
  }
});

test('a source goes only where nothing will ever need it', () => {
  const begun = new Date();
  const cases = [
    ['uploading', null, null, false],
    ['transcoding', begun, null, false],
    ['failed', begun, null, false],
    ['canceled', begun, null, false],
    ['canceled', null, null, true],
    ['online', begun, null, false],
    ['online', begun, begun, true],
  ] as const;
  for (const [status, transcodeStartedAt, sourceRemovedAt, goes] of cases) {
    const reason = reasonToDropSource({ status, transcodeStartedAt, sourceRemovedAt });
    assert.equal(reason !== null, goes, `${status} ${transcodeStartedAt} ${sourceRemovedAt}`);
  }
});

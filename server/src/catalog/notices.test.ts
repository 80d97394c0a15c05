import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serializeNotices, withNotices } from './notices.ts';

test('adds up the seconds that chunks report, and keeps notices of other tasks', () => {
  const first = withNotices({ notices: [{ code: 'times_repaired' }] }, [
    { code: 'picture_repaired', seconds: 1.2 },
  ]);
  const second = withNotices(first, [{ code: 'picture_repaired', seconds: 2.4 }]);
  assert.deepEqual(second.notices, [{ code: 'times_repaired' }, { code: 'picture_repaired', seconds: 3.6 }]);
  const [, message] = serializeNotices(second).map((notice) => notice.message);
  assert.match(message ?? '', /About 4 seconds of video is missing or damaged/);
});

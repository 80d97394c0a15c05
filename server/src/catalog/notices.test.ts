import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeNotices, withNotices } from './notices.ts';

test('what chunks tell of adds up, beside what other tasks tell', () => {
  const first = withNotices({ notices: [{ code: 'times_repaired' }] }, [
    { code: 'picture_repaired', seconds: 1.2 },
  ]);
  const second = withNotices(first, [{ code: 'picture_repaired', seconds: 2.4 }]);
  assert.deepEqual(second.notices, [{ code: 'times_repaired' }, { code: 'picture_repaired', seconds: 3.6 }]);
  const [, message] = describeNotices(second).map((notice) => notice.message);
  assert.match(message ?? '', /about 4 seconds of pictures are missing or damaged/);
});

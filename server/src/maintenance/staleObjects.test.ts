import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextLook, reasonToDropSource } from './staleObjects.ts';

const HOUR_MS = 3_600_000;

test('a video is looked at ever more rarely, so that the number of looks hardly grows with its age', () => {
  const transcodeStartedAt = new Date('2026-01-01T00:00:00Z');
  const video = { transcodeStartedAt, createdAt: new Date('2020-01-01T00:00:00Z') };
  const after = (hours: number) => new Date(transcodeStartedAt.getTime() + hours * HOUR_MS);
  assert.deepEqual(nextLook(video, after(0.25)), after(1.25));
  assert.deepEqual(nextLook(video, after(24)), after(48));
  let looks = 0;
  for (let at = after(0.25); at < after(10 * 365 * 24); at = nextLook(video, at)) looks += 1;
  assert.ok(looks < 20, `${looks} looks in ten years`);
  // an upload that was aborted never had a transcode
  assert.deepEqual(nextLook({ transcodeStartedAt: null, createdAt: after(0) }, after(5)), after(10));
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { ManualClock } from '../../../../test/support/manualClock.ts';
import type { ApiClient } from '../api/apiClient.ts';
import { DEFAULT_RETRY, Retrier } from '../flow/retry.ts';
import { VideoWatch } from './videoWatch.ts';

const POLL_MS = 1_000;

/** A server that has these videos; `calls` are the ids of each call. */
function start(statuses: Record<number, Video['status']>) {
  const clock = new ManualClock();
  const calls: number[][] = [];
  const failures: ReelmillError[] = [];
  const listVideos = async ({ ids = '' }: { ids?: string }): Promise<{ videos: Video[] }> => {
    const asked = ids.split(',').map(Number);
    calls.push(asked);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    const known = asked.filter((id) => statuses[id] !== undefined);
    return { videos: known.map((id) => ({ id, status: statuses[id] }) as Video) }; // nothing else is read here
  };
  const api = { listVideos } as unknown as ApiClient; // nothing else is called here
  const watch = new VideoWatch({ api, clock, pollMs: POLL_MS });
  const retrier = new Retrier(clock, DEFAULT_RETRY, { onRetry: () => undefined });
  const follow = (videoId: number, signal = new AbortController().signal): Promise<Video> =>
    watch.follow({ videoId, retrier, signal, onVideo: () => undefined });
  return { clock, calls, failures, follow, statuses };
}

test('polls many videos with one call, and less often the more there are', async () => {
  const ids = Array.from({ length: 250 }, (_, index) => index + 1);
  const { clock, calls, follow, statuses } = start(Object.fromEntries(ids.map((id) => [id, 'transcoding'])));
  const followed = Promise.all(ids.map((id) => follow(id)));
  await clock.advance(100);
  assert.deepEqual(
    calls.map(({ length }) => length),
    [100, 100, 50],
  );
  await clock.advance(2 * POLL_MS);
  assert.equal(calls.length, 3);
  for (const id of ids) statuses[id] = 'online';
  await clock.advance(2 * POLL_MS);
  assert.deepEqual(
    (await followed).map(({ id }) => id),
    ids,
  );
  assert.equal(calls.length, 6);
});

test('retries a failed call for all videos that shared it', async () => {
  const { clock, calls, failures, follow } = start({ 1: 'online', 2: 'failed' });
  failures.push(new ReelmillError('network', 'down'));
  const followed = Promise.all([follow(1), follow(2)]);
  await clock.advance(5_000);
  assert.deepEqual(
    (await followed).map(({ status }) => status),
    ['online', 'failed'],
  );
  assert.ok(calls.length >= 2);
});

test('reports a missing video, and follows the others', async () => {
  const { clock, follow } = start({ 1: 'online' });
  const gone = assert.rejects(follow(2), { code: 'not_found' });
  const there = follow(1);
  await clock.advance(100);
  await gone;
  assert.equal((await there).id, 1);
});

test('stops following at once, even during a call', async () => {
  const { clock, follow } = start({ 1: 'transcoding' });
  const controller = new AbortController();
  const stopped = assert.rejects(follow(1, controller.signal), { code: 'aborted' });
  controller.abort();
  await stopped;
  await clock.advance(100);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decideAfterFailure,
  mayTaskBecome,
  mayVideoBecome,
  taskStatesBefore,
  videoStatesBefore,
} from './videoState.ts';

test('a video is transcoded from an upload, or again after it failed or was canceled', () => {
  assert.deepEqual(videoStatesBefore('transcoding'), ['uploading', 'failed', 'canceled']);
  assert.deepEqual(videoStatesBefore('online'), ['transcoding']);
  assert.equal(mayVideoBecome('online', 'transcoding'), false);
  assert.equal(mayVideoBecome('online', 'failed'), false);
});

test('a finished task stays finished, unless one that failed is retried', () => {
  for (const end of ['done', 'failed', 'canceled'] as const) {
    assert.equal(mayTaskBecome(end, 'pending'), end === 'failed');
    for (const next of ['queued', 'running', 'done', 'failed', 'canceled'] as const) {
      assert.equal(mayTaskBecome(end, next), false, `${end} -> ${next}`);
    }
  }
  assert.deepEqual(taskStatesBefore('queued'), ['pending']);
  assert.deepEqual(taskStatesBefore('canceled'), ['pending', 'queued', 'running']);
});

test('a failure by chance is tried again until the tries are used up', () => {
  const failure = { retryable: true };
  assert.deepEqual(decideAfterFailure({ attempt: 0, deliveries: 1 }, failure, 3), {
    next: 'retry',
    attempt: 1,
  });
  assert.deepEqual(decideAfterFailure({ attempt: 1, deliveries: 2 }, failure, 3), {
    next: 'retry',
    attempt: 2,
  });
  assert.deepEqual(decideAfterFailure({ attempt: 2, deliveries: 3 }, failure, 3), { next: 'give_up' });
});

test('a failure for good is not tried again', () => {
  assert.deepEqual(decideAfterFailure({ attempt: 0, deliveries: 1 }, { retryable: false }, 3), {
    next: 'give_up',
  });
});

test('a task that workers keep dying of is given up', () => {
  assert.deepEqual(decideAfterFailure({ attempt: 0, deliveries: 8 }, { retryable: true }, 3), {
    next: 'retry',
    attempt: 1,
  });
  assert.deepEqual(decideAfterFailure({ attempt: 0, deliveries: 9 }, { retryable: true }, 3), {
    next: 'give_up',
  });
});

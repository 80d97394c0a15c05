import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../contracts/errors.ts';
import {
  decideAfterFailure,
  decideAfterLostLease,
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

const failure = (code: ErrorCode, retryable = true) => ({ code, retryable });

test('a failure by chance is retried until the attempts are used up', () => {
  const decide = (attempt: number) =>
    decideAfterFailure({ attempt, programDeaths: 0 }, failure('encoder_failed'), 3);
  assert.deepEqual(decide(0), { next: 'retry', attempt: 1, programDeaths: 0 });
  assert.deepEqual(decide(1), { next: 'retry', attempt: 2, programDeaths: 0 });
  assert.deepEqual(decide(2), { next: 'give_up' });
});

test('a failure for good is not retried', () => {
  const task = { attempt: 0, programDeaths: 0 };
  assert.deepEqual(decideAfterFailure(task, failure('undecodable', false), 3), { next: 'give_up' });
  assert.deepEqual(decideAfterFailure(task, failure('program_died', false), 3), { next: 'give_up' });
});

test('the second death of a program ends the task, whatever its other attempts', () => {
  const decide = (attempt: number, programDeaths: number) =>
    decideAfterFailure({ attempt, programDeaths }, failure('program_died'), 3);
  assert.deepEqual(decide(0, 0), { next: 'retry', attempt: 0, programDeaths: 1 });
  assert.deepEqual(decide(2, 0), { next: 'retry', attempt: 2, programDeaths: 1 });
  assert.deepEqual(decide(0, 1), { next: 'give_up' });
});

test('a lost lease makes a task wait longer each time, in quarantine from the third on', () => {
  const pauses = [1, 2, 3, 4, 5, 50].map((lost) => decideAfterLostLease(lost, () => 1));
  assert.deepEqual(pauses, [
    { quarantined: false, pauseMs: 1_000 },
    { quarantined: false, pauseMs: 2_000 },
    { quarantined: true, pauseMs: 120_000 },
    { quarantined: true, pauseMs: 240_000 },
    { quarantined: true, pauseMs: 480_000 },
    { quarantined: true, pauseMs: 3_600_000 },
  ]);
});

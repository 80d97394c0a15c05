import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorCodeSchema, faultOf } from '@reelmill/shared/contracts/errors.ts';
import {
  type AttemptCounts,
  decideAfterFailure,
  decideAfterLostLease,
  isDispensable,
  pauseAfterDecline,
  selectExcludedWorkers,
  waitingReasonOf,
} from './retryPolicy.ts';

const NONE: AttemptCounts = { attempt: 0, programDeaths: 0, farmFaults: 0, damagedTries: 0, verdicts: [] };

/** What follows where the longest pause is taken. */
function decide(counts: Partial<AttemptCounts>, code: ErrorCode, retryable = true, workerId = 'a') {
  const options = { maxAttempts: 3, random: () => 1 };
  return decideAfterFailure({ ...NONE, ...counts }, { code, retryable, workerId }, options);
}

test('a failure by chance is retried until the attempts are used up', () => {
  const retry = (attempt: number, pauseMs: number) => ({
    next: 'retry',
    counts: { ...NONE, attempt },
    pauseMs,
  });
  for (const code of ['encoder_failed', 'stalled', 'internal', 'time_limit'] as const) {
    assert.deepEqual(decide({}, code), retry(1, 2_000));
    assert.deepEqual(decide({ attempt: 1 }, code), retry(2, 4_000));
    assert.deepEqual(decide({ attempt: 2 }, code), { next: 'fail' });
  }
});

test('a permanent failure that blames neither file nor farm is not retried', () => {
  for (const code of ['internal', 'source_changed', 'program_died'] as const) {
    assert.deepEqual(decide({}, code, false), { next: 'fail' });
  }
});

test('the second death of a program ends the task, whatever its other attempts', () => {
  assert.deepEqual(decide({}, 'program_died').next, 'retry');
  const decision = decide({ attempt: 2 }, 'program_died');
  assert.deepEqual(decision, {
    next: 'retry',
    counts: { ...NONE, attempt: 2, programDeaths: 1 },
    pauseMs: 8_000,
  });
  assert.deepEqual(decide({ programDeaths: 1 }, 'program_died'), { next: 'fail' });
});

test('every code of the media is believed when a second attempt says the same, and no other', () => {
  const codes = errorCodeSchema.options.filter((code) => faultOf(code) === 'media');
  assert.ok(codes.length >= 9);
  for (const code of [...codes, 'frame_count_mismatch'] as const) {
    const first = decide({ attempt: 1 }, code, false);
    assert.ok(first.next === 'second_opinion', code);
    assert.ok(first.pauseMs <= 1_000);
    assert.deepEqual(first.counts, { ...NONE, attempt: 1, verdicts: [{ code, workerId: 'a' }] });
    assert.deepEqual(decide(first.counts, code, false, 'b'), { next: 'fail' });
  }
});

test('two attempts that say different things are followed by a third, which decides', () => {
  const verdicts = [{ code: 'undecodable', workerId: 'a' }] as const;
  const second = decide({ verdicts }, 'not_a_video', false, 'b');
  assert.ok(second.next === 'second_opinion');
  assert.deepEqual(second.counts.verdicts, [...verdicts, { code: 'not_a_video', workerId: 'b' }]);
  assert.deepEqual(decide(second.counts, 'not_a_video', false), { next: 'fail' });
  assert.deepEqual(decide(second.counts, 'undecodable', false), { next: 'fail' });
});

test('a verdict on the media is kept over a fault of the farm and a transient failure', () => {
  const verdicts = [{ code: 'undecodable', workerId: 'a' }] as const;
  for (const code of ['source_unreachable', 'encoder_failed'] as const) {
    const decision = decide({ verdicts }, code);
    assert.ok(decision.next !== 'fail');
    assert.deepEqual(decision.counts.verdicts, verdicts);
  }
});

test('a fault of the farm uses up no attempt, however often, and waits for up to a minute', () => {
  const codes = errorCodeSchema.options.filter(
    (code) => faultOf(code) === 'farm' && code !== 'output_damaged',
  );
  assert.ok(codes.includes('disk_full') && codes.includes('source_unreachable'));
  for (const code of codes) {
    let counts: AttemptCounts = { ...NONE, attempt: 2 };
    const pauses: number[] = [];
    for (let count = 1; count <= 100; count += 1) {
      // whatever the worker thinks of another attempt
      const decision = decide(counts, code, count % 2 === 0);
      assert.ok(decision.next === 'wait', code);
      counts = decision.counts;
      pauses.push(decision.pauseMs);
    }
    assert.deepEqual(counts, { ...NONE, attempt: 2, farmFaults: 100 });
    assert.deepEqual(pauses.slice(0, 7), [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    assert.notEqual(waitingReasonOf(code), null);
  }
  for (const code of ['undecodable', 'internal', 'encoder_failed'] as const) {
    assert.equal(waitingReasonOf(code), null);
  }
});

test('output that is damaged every time is at last a failure like any other: no film is worth endless work', () => {
  const damagedBefore = (damagedTries: number, attempt = 0) =>
    decide({ farmFaults: damagedTries, damagedTries, attempt }, 'output_damaged');
  assert.equal(damagedBefore(9).next, 'wait');
  const counted = damagedBefore(10);
  assert.ok(counted.next === 'retry');
  assert.equal(counted.counts.attempt, 1);
  assert.equal(damagedBefore(10, 100).next, 'fail');
  assert.notEqual(waitingReasonOf('output_damaged'), null);
});

test('damage is counted by itself: other faults of the farm do not make it count sooner', () => {
  const damaged = decide({ farmFaults: 100 }, 'output_damaged');
  assert.ok(damaged.next === 'wait');
  assert.deepEqual(damaged.counts, { ...NONE, farmFaults: 101, damagedTries: 1 });
  const away = decide(damaged.counts, 'source_unreachable');
  assert.ok(away.next === 'wait');
  assert.deepEqual(away.counts, { ...NONE, farmFaults: 102, damagedTries: 1 });
});

test('the next attempt is left to a worker that has not failed it, for as long as there is one', () => {
  const judge = { code: 'undecodable', workerId: 'judge' } as const;
  const task = { verdicts: [judge], failedWorkerId: 'ill', declines: 0 };
  const avoid = (alive: string[], changed: Partial<typeof task> = {}) =>
    selectExcludedWorkers({ ...task, ...changed }, alive);
  assert.deepEqual(avoid(['judge', 'ill', 'other']), ['judge', 'ill']);
  assert.deepEqual(avoid(['judge', 'ill']), ['judge'], 'the verdict counts more');
  assert.deepEqual(avoid(['judge']), []);
  assert.deepEqual(avoid([]), []);
  const alive = ['judge', 'ill', 'other'];
  assert.deepEqual(avoid(alive, { declines: 2 }), ['judge', 'ill']);
  assert.deepEqual(avoid(alive, { declines: 3 }), ['judge'], 'the others are busy');
  assert.deepEqual(avoid(alive, { declines: 11 }), ['judge']);
  assert.deepEqual(avoid(alive, { declines: 12 }), [], 'and stay so');
  assert.deepEqual(
    selectExcludedWorkers({ verdicts: [], failedWorkerId: null, declines: 0 }, ['a', 'b']),
    [],
  );
  const declines = Array.from({ length: 12 }, (_, index) => index + 1);
  assert.equal(
    declines.reduce((sum, count) => sum + pauseAfterDecline(count, () => 1), 0),
    71_500,
  );
});

test('a video does without pictures, and without sound whose decoder refuses it', () => {
  assert.equal(isDispensable('images', 'encoder_failed'), true);
  assert.equal(isDispensable('audio', 'undecodable'), true);
  assert.equal(isDispensable('audio', 'unsupported_codec'), true);
  assert.equal(isDispensable('audio', 'encoder_failed'), false);
  assert.equal(isDispensable('audio', 'program_died'), false);
  assert.equal(isDispensable('encode', 'undecodable'), false);
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

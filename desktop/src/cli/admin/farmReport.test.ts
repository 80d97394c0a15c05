import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFailedTask, makeFarm, makeWorker } from '../../../../test/support/farmFacts.ts';
import { formatFarm } from './farmReport.ts';

const NOW = new Date('2026-11-24T12:01:05.000Z');

test('formats an idle farm', () => {
  assert.deepEqual(formatFarm(makeFarm(), [], NOW), [
    'Queue         0 ready, 0 workers listening; 0 tasks waiting',
    'Tasks         0 pending, 0 queued, 0 running, 0 done, 0 failed, 0 canceled',
    'Throughput    0 tasks done in the last 10m00s (0.0 a minute)',
    'Drain         nothing left to do',
    'Suggested     1 worker: docker compose up -d --scale worker=1',
    'Dead letters  0',
    '',
    'No worker was seen today.',
  ]);
});

test('formats a busy farm with the parts being encoded, failed tasks and dead letters', () => {
  const running = { ...makeFailedTask(7), state: 'running', error: null } as const;
  const task = { task_id: 7, video_id: 12, kind: 'encode', progress: 64.9, speed: 2.31 } as const;
  const farm = makeFarm({
    queue: { ready: 14, consumers: 1, dead_letters: 1 },
    oldest_pending_seconds: 74,
    tasks: { pending: 3, queued: 14, running: 1, done: 42, failed: 1, canceled: 0 },
    throughput: { tasks: 42, seconds: 600 },
    drain_seconds: 780,
    running: [running],
    workers: [
      makeWorker('worker-1', { state: 'busy', task, ffmpeg_version: '7.1.5' }),
      makeWorker('worker-two', { state: 'sick', reason: 'no\u001b[31m disk' }),
    ],
    quarantined: [makeFailedTask(8, { state: 'pending', error: null, lost_leases: 3 })],
    waiting: [makeFailedTask(6, { kind: 'inspect', state: 'pending', farm_faults: 12 })],
    recent_failures: [makeFailedTask(9, { kind: 'audio' })],
  });
  const diedAt = '2026-11-24T12:00:00.000Z';
  const letter = { id: '1', queue: 'tasks', reason: 'unreadable', died_at: diedAt, body: '{\n}' };
  const lines = formatFarm(farm, [letter], NOW);
  assert.equal(
    lines[0],
    'Queue         14 ready, 1 worker listening; 17 tasks waiting, the oldest for 1m14s',
  );
  assert.equal(
    lines[2],
    'Throughput    42 tasks done in the last 10m00s (4.2 a minute), encoding at 2.3x real time',
  );
  assert.equal(lines[3], 'Drain         13m00s with 1 worker');
  assert.deepEqual(lines.slice(7), [
    'WORKER      HOST    STATE  CORES  FFMPEG  SEEN       TASK',
    'worker-1    farm-1  busy   8      7.1.5   1m05s ago  encode part 4 of video 12 (task 7), 64 %, 2.3x',
    'worker-two  farm-1  sick   8      -       1m05s ago  no?[31m disk',
    '',
    'QUARANTINED TASK                    WORKERS LOST  LAST WORKER  NEXT ATTEMPT',
    'encode part 4 of video 12 (task 8)  3 in a row    worker-1     2026-11-24T12:00:00.000Z',
    '',
    'WAITING TASK                  ATTEMPTS LOST  LAST REASON                                NEXT ATTEMPT',
    'inspect of video 12 (task 6)  12             undecodable: The pictures cannot be read.  2026-11-24T12:00:00.000Z',
    '',
    'FAILED TASK                 WHEN       ATTEMPTS   WORKER    REASON',
    'audio of video 12 (task 9)  1m05s ago  1 attempt  worker-1  undecodable: The pictures cannot be read.',
    '',
    'DEAD LETTER IN  WHEN       REASON      MESSAGE',
    'tasks           1m05s ago  unreadable  {?}',
  ]);
});

test('shows what is unknown as unknown', () => {
  const lines = formatFarm(makeFarm({ queue: null, drain_seconds: null }), null, NOW);
  assert.match(lines[0] ?? '', /the message broker does not respond/);
  assert.match(lines[3] ?? '', /no worker is active/);
  assert.equal(lines[5], 'Dead letters  unknown');
});

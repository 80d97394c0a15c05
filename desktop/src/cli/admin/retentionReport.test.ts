import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetentionJob, RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { formatAllowed, formatRetention, formatRun } from './retentionReport.ts';

const NOW = new Date('2026-11-24T12:01:05.000Z');

const found: RetentionResult = {
  ...NOTHING_REMOVED,
  items: 12,
  objects: 30,
  bytes: 3 * 1024 ** 3,
  examples: [
    {
      video_id: 7,
      key: 'raw/7/film.mp4',
      objects: 1,
      bytes: 1024,
      since: '2026-10-01T00:00:00.000Z',
      reason: 'online for\u001b[31m long',
    },
  ],
};

function makeJob(job: Partial<RetentionJob>): RetentionJob {
  return {
    name: 'old_sources',
    description: 'remove sources',
    scheduled: true,
    running: false,
    next_run_at: null,
    now: NOTHING_REMOVED,
    stopped: null,
    allowance: null,
    last_run: null,
    ...job,
  };
}

test('shows for each job what it would remove and its last run', () => {
  const run = { started_at: '2026-11-24T12:00:05.000Z', finished_at: null, trigger: 'schedule' } as const;
  const lines = formatRetention(
    {
      clock_doubt: null,
      jobs: [
        makeJob({ now: found, last_run: { ...run, result: NOTHING_REMOVED, error: null } }),
        makeJob({ name: 'leftovers', now: null, running: true }),
        makeJob({
          name: 'orphans',
          now: null,
          scheduled: false,
          last_run: { ...run, trigger: 'admin', result: null, error: 'the store\nis down' },
        }),
      ],
    },
    NOW,
  );
  assert.deepEqual(lines, [
    'JOB          NOW                             LAST RUN                                      WHAT IT DOES',
    'old_sources  12 items (30 objects, 3.0 GiB)  1m00s ago, nothing                            remove sources',
    'leftovers    running                         never                                         remove sources',
    'orphans      see --dry-run (off)             1m00s ago, manual, failed: the store?is down  remove sources',
    '',
    'old_sources:',
    '  video 7  1.0 KiB  since 2026-10-01  online for?[31m long  raw/7/film.mp4',
    '  … and 11 more',
  ]);
});

test('shows why a job is stopped, and how to continue', () => {
  const stopped = {
    kind: 'count',
    reason: 'It would remove 120 of 300; without an administrator\u0007 at most 50.',
    since: '2026-11-24T12:00:05.000Z',
    items: 120,
    limit: 50,
  } as const;
  const allowance = { items: 7, until: '2026-12-01T12:00:00.000Z' };
  const lines = formatRetention(
    {
      clock_doubt: 'The clock of a says 1970.',
      jobs: [makeJob({ stopped }), makeJob({ name: 'leftovers', allowance })],
    },
    NOW,
  );
  assert.match(lines[1] ?? '', /^old_sources +stopped/);
  assert.deepEqual(lines.slice(3), [
    '',
    'Nothing is removed while the clock is in doubt: The clock of a says 1970.',
    '',
    'old_sources has been stopped since 2026-11-24T12:00:05.000Z: It would remove 120 of 300; without an administrator? at most 50.',
    '  to continue: reelmill admin retention --allow old_sources',
    '',
    'leftovers may remove 7 items more until 2026-12-01T12:00:00.000Z',
  ]);
  assert.deepEqual(formatAllowed({ job: 'old_sources', allowance }), [
    'old_sources: may remove 7 items until 2026-12-01T12:00:00.000Z',
  ]);
  assert.deepEqual(formatAllowed({ job: 'old_sources', allowance: null }), [
    'old_sources: continues; the clock is assumed to be right',
  ]);
});

test('reports what a run removed and what it could not remove', () => {
  const response = { job: 'leftovers', next_position: null } as const;
  assert.deepEqual(formatRun({ ...response, dry_run: true, result: NOTHING_REMOVED }), [
    'leftovers: would remove nothing',
  ]);
  const [line] = formatRun({ ...response, dry_run: false, result: { ...found, failed: 2 } });
  assert.equal(line, 'leftovers: removed 12 items (30 objects, 3.0 GiB); 2 could not be removed for now');
});

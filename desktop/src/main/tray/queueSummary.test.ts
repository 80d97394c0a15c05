import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QueueTotals, summarize } from '../../engine/queue/totals.ts';
import { translate } from '../i18n/translate.ts';
import { summarizeForTray, trayTooltip } from './queueSummary.ts';

const t = translate('en');

function totals(own: Partial<QueueTotals> = {}, paused = 0): QueueTotals {
  const empty = summarize([]);
  return { ...empty, ...own, counts: { ...empty.counts, paused } };
}

test('shows nothing for an idle queue', () => {
  const summary = summarizeForTray(totals(), 0);
  assert.equal(summary.activity, 'idle');
  assert.equal(trayTooltip(summary, t), 'Reelmill');
});

test('shows the number of uploads, their progress and the remaining time', () => {
  const running = totals({ active: 3, etaSeconds: 60 * 61 });
  const summary = summarizeForTray(running, 0.459);
  assert.equal(trayTooltip(summary, t), 'Reelmill: 3 uploads, 45 %, 1 h 1 min left');
  const slow = summarizeForTray({ ...running, active: 1, etaSeconds: null }, 0.459);
  assert.equal(trayTooltip(slow, t), 'Reelmill: 1 upload, 45 %');
});

test('rounds times, and never to zero', () => {
  const durationText = (etaSeconds: number): string | undefined =>
    /, ([^,]*) left$/.exec(trayTooltip(summarizeForTray(totals({ active: 1, etaSeconds }), 0), t))?.[1];
  assert.deepEqual([0.2, 12, 54, 56, 95, 3_599].map(durationText), [
    '5 s',
    '15 s',
    '55 s',
    '1 min',
    '2 min',
    '1 h 0 min',
  ]);
});

test('shows that all uploads are paused', () => {
  assert.equal(trayTooltip(summarizeForTray(totals({}, 2), 0), t), 'Reelmill: 2 uploads paused');
  assert.equal(summarizeForTray(totals({ active: 1 }, 2), 0).activity, 'uploading');
});

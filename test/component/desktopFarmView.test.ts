import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { makeFailedTask, makeFarm, makeWorker } from '../support/farmFacts.ts';
import { makePreviewState } from '../support/previewState.ts';
import { type RendererPreview, startRendererPreview } from '../support/rendererPreview.ts';

const LETTER = { id: 'a', queue: 'tasks', reason: 'no such kind', died_at: null, body: '{"kind":"unknown"}' };

describe('the farm view', { timeout: 300_000 }, () => {
  let preview: RendererPreview;

  before(async () => {
    preview = await startRendererPreview();
  });
  after(() => preview?.close());

  async function open(facts: Partial<Farm>) {
    const state = makePreviewState({ farm: makeFarm(facts), deadLetters: [LETTER] });
    const { page } = await preview.open(state);
    await page.getByRole('navigation').getByRole('button', { name: 'Farm' }).click();
    const change = (next: Partial<Farm>) =>
      page.evaluate(`preview.state.farm = { ...preview.state.farm, ...${JSON.stringify(next)} }`);
    return { page, change };
  }

  test('follows the workers', async () => {
    const task = { task_id: 1, video_id: 12, kind: 'encode', progress: 20, speed: 1.5 } as const;
    const { page, change } = await open({ workers: [makeWorker('one'), makeWorker('two')] });
    await page.getByText('0 of 2').waitFor();
    await change({ workers: [makeWorker('one', { state: 'busy', task }), makeWorker('two')] });
    await page.getByText('1 of 2').waitFor();
    await page.getByRole('progressbar', { name: 'Progress of Encoding, video 12' }).waitFor();
    await page.getByText('20% · 1.5×').waitFor();
    await page.close();
  });

  test('shows which ffmpeg a worker reports', async () => {
    const told = makeWorker('one', { ffmpeg_version: '7.1.5-0+deb13u1' });
    const { page } = await open({ workers: [told, makeWorker('two')] });
    await page
      .getByText('farm-1 · 8 cores · version 0.1.0 · ffmpeg 7.1.5-0+deb13u1', { exact: true })
      .waitFor();
    await page.getByText('farm-1 · 8 cores · version 0.1.0', { exact: true }).waitFor();
    await page.close();
  });

  test('drains and resumes a worker', async () => {
    const { page } = await open({ workers: [makeWorker('one'), makeWorker('two', { state: 'lost' })] });
    await page.getByRole('button', { name: 'Drain: one' }).click();
    await page.getByText('Drained', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume: one' }).click();
    await page.getByText('Idle', { exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: /: two$/ }).count(), 0);
    await page.close();
  });

  test('keeps the last response while the server does not respond, and says so', async () => {
    const { page } = await open({ tasks: { ...makeFarm().tasks, done: 1_234 } });
    await page.getByText('1,234').waitFor();
    await page.evaluate("preview.state.failing['farm.get'] = { code: 'network', message: '' }");
    await page.getByText(/^Last updated/).waitFor();
    await page.getByText('1,234').waitFor();
    await page.evaluate("delete preview.state.failing['farm.get']");
    await page.getByText(/^Last updated/).waitFor({ state: 'detached' });
    await page.close();
  });

  test('shows quarantined tasks, and nothing without them', async () => {
    const { page, change } = await open({
      quarantined: [makeFailedTask(8, { state: 'pending', error: null, lost_leases: 3 })],
    });
    const table = page.getByRole('table').filter({ hasText: 'Workers lost' });
    await table.getByText('Encoding part 4, video 12').waitFor();
    await table.getByText('3', { exact: true }).waitFor();
    await change({ quarantined: [] });
    await table.waitFor({ state: 'detached', timeout: 60_000 });
    await page.close();
  });

  test('shows stopped cleanup jobs, and continues one after a confirmation', async () => {
    const reason = 'It would remove 120 of 300; without permission at most 50.';
    const since = new Date().toISOString();
    const stopped = { job: 'old_sources', kind: 'count', reason, since, items: 120, limit: 50 } as const;
    const { page } = await open({ stopped_jobs: [stopped] });
    const table = page.getByRole('table').filter({ hasText: 'Source files of online videos' });
    await table.getByText(reason).waitFor();
    await page.getByRole('button', { name: 'Allow… Source files of online videos' }).click();
    const dialog = page.getByRole('dialog', { name: 'Permanently remove 120 items?' });
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByText('The cleanup continues.').waitFor();
    await table.waitFor({ state: 'detached', timeout: 60_000 });
    const allowed = "preview.calls.filter(([name]) => name === 'farm.allowJob').map(([, args]) => args)";
    assert.deepEqual(await page.evaluate(allowed), [{ job: 'old_sources', items: 120 }]);
    await page.close();
  });

  test('shows tasks that the farm holds up, and nothing without them', async () => {
    const error = { code: 'disk_full', message: 'No space.', diagnostics: null };
    const { page, change } = await open({
      waiting: [makeFailedTask(8, { state: 'pending', error, farm_faults: 12 })],
    });
    const table = page.getByRole('table').filter({ hasText: 'Interrupted attempts' });
    await table.getByText('Encoding part 4, video 12').waitFor();
    await table.getByText('12', { exact: true }).waitFor();
    await table.getByText('A worker ran out of disk space.').waitFor();
    await change({ waiting: [] });
    await table.waitFor({ state: 'detached', timeout: 60_000 });
    await page.close();
  });

  test("shows a worker's report of a failed task", async () => {
    const error = { code: 'encoder_failed', message: 'It stopped.', diagnostics: 'malloc failed' };
    const { page } = await open({ recent_failures: [makeFailedTask(7, { error })] });
    const report = page.getByRole('button', { name: 'Worker report: Encoding part 4, video 12' });
    assert.equal(await page.getByText('malloc failed').isVisible(), false);
    await report.click();
    await page.getByText('malloc failed').waitFor();
    assert.equal(await report.getAttribute('aria-expanded'), 'true');
    await page.close();
  });

  test('has the video of a failed task processed again', async () => {
    const { page, change } = await open({ recent_failures: [makeFailedTask(7)] });
    await change({ recent_failures: [] });
    await page.getByRole('button', { name: 'Process again: video 12' }).click();
    await page.getByText('Video 12 is being processed again.').waitFor();
    await page.getByText('No task has failed.').waitFor();
    const retried = "preview.calls.filter(([name]) => name === 'library.retry').map(([, args]) => args)";
    assert.deepEqual(await page.evaluate(retried), [{ videoId: 12 }]);
    await page.close();
  });

  test('replays dead letters after a confirmation', async () => {
    const { page, change } = await open({ queue: { ready: 0, consumers: 1, dead_letters: 1 } });
    await page.getByText('no such kind').waitFor();
    await page.getByRole('button', { name: 'Replay…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 1 message?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('no such kind').waitFor();
    await page.getByRole('button', { name: 'Replay…' }).click();
    await change({ queue: { ready: 1, consumers: 1, dead_letters: 0 } });
    await dialog.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.getByText('1 message replayed.').waitFor();
    await page.getByText('There are no dead letters.').waitFor();
    await page.close();
  });

  test('shows what is unknown', async () => {
    const { page } = await open({ queue: null, drain_seconds: null });
    await page.getByText('The message broker is not responding', { exact: true }).waitFor();
    await page.getByText(/so their number is unknown/).waitFor();
    await page.getByText('No worker is active').waitFor();
    await page.close();
  });
});

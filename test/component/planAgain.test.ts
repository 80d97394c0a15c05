import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Farm, startFarm } from '../../server/src/app/startFarm.ts';
import { runTask } from '../../worker/src/tasks/runTask.ts';
import type { RunTask } from '../../worker/src/tasks/taskAttempt.ts';
import { type RunningWorker, startWorker } from '../../worker/src/worker.ts';
import { type FarmBench, openFarmBench } from '../support/farmBench.ts';
import { waitFor } from '../support/processes.ts';
import { listPublishedKeys } from '../support/publishedVideo.ts';
import { makeSlides } from '../support/slides.ts';

let bench: FarmBench;
let farm: Farm;
let worker: RunningWorker;
const seen: number[] = [];

/** Does its task, but takes twice its length for that of a source that it did not read as a whole. */
const misled: RunTask = async (message, context) => {
  const result = await runTask(message, context);
  if (result.kind !== 'inspect' || (message.spec.kind === 'inspect' && message.spec.thorough)) return result;
  const { facts } = result;
  const durationSeconds = facts.durationSeconds * 2;
  const video = { ...facts.video, durationSeconds };
  return { kind: 'inspect', facts: { ...facts, durationSeconds, video, thorough: false } };
};

before(async () => {
  bench = await openFarmBench();
  farm = await startFarm(bench.context);
  bench.context.signals.onVideoChanged((id) => {
    void bench.videoOf(id).then(({ progress }) => seen.push(progress));
  });
  worker = await startWorker({
    queue: bench.context.queue,
    store: bench.media.store,
    logger: bench.logger,
    config: { workerId: 'misled', workDir: bench.media.workDir, threads: 2, drainSeconds: 0 },
    runTask: misled,
  });
});

after(async () => {
  await worker.stop();
  await farm.stop();
  await bench.close();
});

test('a video whose inspection was misled is read as a whole, planned again, and comes online at its length', async () => {
  const file = path.join(bench.media.root, 'film.mp4');
  const times = Array.from({ length: 300 }, (_, n) => n / 25);
  await makeSlides(file, { times, endSeconds: 12 });
  const { id } = await bench.addVideo(file);
  bench.context.signals.tasksWaiting();
  const online = await waitFor(
    'the video is online',
    async () => {
      const video = await bench.videoOf(id);
      assert.equal(video.errorDiagnostics, null);
      return video.status === 'online' ? video : null;
    },
    { timeoutMs: 120_000 },
  );
  assert.ok(Math.abs((online.durationSeconds ?? 0) - 12) < 0.1, `${online.durationSeconds} s`);
  const tasks = await bench.tasksOf(id);
  const inspections = tasks.flatMap(({ spec }) => (spec.kind === 'inspect' ? [spec.thorough ?? false] : []));
  assert.deepEqual(inspections, [false, true]);
  assert.equal(online.planVersion, 2);
  assert.ok((online.plan?.chunks.length ?? 0) > 1 && online.plan?.facts.thorough);
  const ofFirstPlan = tasks.filter(({ planVersion }) => planVersion === 1).map(({ errorCode }) => errorCode);
  assert.equal(ofFirstPlan.filter((code) => code === 'frame_count_mismatch').length, 1);
  assert.ok(tasks.every(({ state }) => !['pending', 'queued', 'running'].includes(state)));
  const published = await listPublishedKeys(bench.media.store, id);
  assert.ok(
    published.length > 0 && published.every((key) => /_2_/.test(key) || key.endsWith('.m3u8')),
    published.join(),
  );
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  const { TranscodeUsage } = bench.context.database.models;
  const usage = await TranscodeUsage.findAll({ where: { videoId: id } });
  assert.deepEqual(
    usage.map(({ seconds }) => Math.round(seconds)),
    [60],
    'counted once, and no video for less than a minute',
  );
});

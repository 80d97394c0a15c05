import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { type Farm, startFarm } from '../../server/src/app/startFarm.ts';
import { cancelTranscode, retryTranscode } from '../../server/src/transcode/lifecycle.ts';
import { type RunningWorker, startWorker } from '../../worker/src/worker.ts';
import { type FarmBench, openFarmBench } from '../support/farmBench.ts';
import { waitFor } from '../support/processes.ts';
import { listPublishedKeys } from '../support/publishedVideo.ts';

const run = promisify(execFile);

let bench: FarmBench;
let farms: Farm[];
let worker: RunningWorker;
let sample: string;
const progress = new Map<number, number[]>();

before(async () => {
  bench = await openFarmBench();
  sample = path.join(bench.media.root, 'sample.mp4');
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=22'],
    ...['-f', 'lavfi', '-i', 'sine=duration=22', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', sample],
  ]);
  const second = await bench.connect();
  farms = [await startFarm(bench.context), await startFarm(second)];
  for (const { signals } of [bench.context, second]) signals.onVideoChanged((id) => void recordProgress(id));
  worker = await startWorker({
    queue: bench.context.queue,
    store: bench.media.store,
    logger: bench.logger,
    config: { workerId: 'pipeline', workDir: bench.media.workDir, threads: 2, drainSeconds: 0 },
  });
});

after(async () => {
  await worker.stop();
  await Promise.all(farms.map((farm) => farm.stop()));
  await bench.close();
});

async function recordProgress(id: number): Promise<void> {
  const video = await bench.videoOf(id);
  progress.set(id, [...(progress.get(id) ?? []), video.progress]);
}

const untilOnline = (id: number) =>
  waitFor(
    `video ${id} is online`,
    async () => {
      const video = await bench.videoOf(id);
      assert.equal(video.errorDiagnostics, null);
      return video.status === 'online' ? video : null;
    },
    { timeoutMs: 120_000 },
  );

async function keysOf(id: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bench.media.store.list(`processed/${id}/`)) keys.push(key);
  return keys.sort();
}

test('a source becomes a playable video, with nothing missing, doubled or left over', async () => {
  const { id } = await bench.addVideo(sample);
  bench.context.signals.tasksWaiting();
  const online = await untilOnline(id);
  assert.deepEqual([online.progress, online.phase, online.playable], [100, null, true]);
  assert.ok(online.coverKey !== null && online.durationSeconds !== null);
  assert.ok(Math.abs(online.durationSeconds - 22) < 0.05, `duration ${online.durationSeconds}`);

  const tasks = await bench.tasksOf(id);
  assert.deepEqual([...new Set(tasks.map(({ state }) => state))], ['done']);
  assert.ok(tasks.every(({ deliveries, attempt }) => deliveries === 1 && attempt === 0));
  const keys = await keysOf(id);
  const { coverKey, storyboardKey } = online;
  assert.ok(storyboardKey !== null);
  const pictures = [coverKey, storyboardKey, objectKeys.storyboardSprite(storyboardKey)];
  assert.deepEqual(keys, [...(await listPublishedKeys(bench.media.store, id)), ...pictures].sort());
  for (const { quality } of online.plan?.renditions ?? []) {
    const segments = keys.filter((key) => key.includes(`hls_${quality}/seg_`));
    assert.equal(segments.length, 5, segments.join());
  }
  assert.deepEqual(
    (await readdir(bench.media.workDir, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    ),
    [],
  );
  const seen = progress.get(id) ?? [];
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test('a file that is no video fails with a reason a creator understands', async () => {
  const { id } = await bench.addVideo(import.meta.filename);
  bench.context.signals.tasksWaiting();
  const failed = await waitFor('the video failed', async () => {
    const video = await bench.videoOf(id);
    return video.status === 'failed' ? video : null;
  });
  assert.equal(failed.errorCode, 'not_a_video');
  assert.match(failed.errorMessage ?? '', /^The file is not/);
});

test('a cancel ends the running ffmpeg, and a retry brings the video online as another version', async () => {
  const { id } = await bench.addVideo(sample);
  bench.context.signals.tasksWaiting();
  await waitFor('an encode is running', async () =>
    (await bench.tasksOf(id)).some(({ kind, state }) => kind === 'encode' && state === 'running'),
  );
  const { models } = bench.context.database;
  const video = await bench.videoOf(id);
  await bench.context.database.transaction((transaction) => cancelTranscode({ models, transaction, video }));
  await bench.context.queue.broadcast({ v: 1, type: 'cancel_video', videoId: id });
  await waitFor('the worker is idle', () => worker.state === 'idle');
  assert.equal((await bench.videoOf(id)).status, 'canceled');

  await bench.context.database.transaction((transaction) =>
    retryTranscode({ models, transaction, video, requestId: null }),
  );
  bench.context.signals.tasksWaiting();
  const online = await untilOnline(id);
  assert.equal(online.planVersion, 2);
  const published = await listPublishedKeys(bench.media.store, id);
  const made = published.filter((key) => /\/(seg|init)_/.test(key));
  assert.ok(made.length > 0 && made.every((key) => /\/(seg|init)_2_/.test(key)), made.join());
  const keys = await keysOf(id);
  assert.deepEqual(
    published.filter((key) => !keys.includes(key)),
    [],
  );
  assert.ok(online.cleanAfter !== null && online.cleanAfter > new Date(), 'what is left is looked for soon');
});

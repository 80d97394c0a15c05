import path from 'node:path';
import { startWorker } from '@reelmill/worker/worker.ts';
import { type Farm, startFarm } from '../../server/src/app/startFarm.ts';
import { type BenchDatabase, type FarmBench, openFarmBench } from '../support/farmBench.ts';
import { waitFor } from '../support/processes.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';
import { type BenchReport, median, secondsOf } from './figures.ts';
import type { BenchOptions } from './options.ts';

const DATABASES: readonly BenchDatabase[] = ['SQLite', 'MariaDB'];
/** An hour and a half, in chunks of ten seconds: some five hundred tasks. */
const FILM_SECONDS = 5_400;

interface Passage {
  seconds: number;
  tasks: number;
}

/**
 * What a task costs besides its work: a long film from complete to online with one worker whose tasks take no time.
 * Database, dispatching, delivery, results and publishing are the real ones, on both databases.
 */
export async function benchDispatch(options: BenchOptions): Promise<BenchReport> {
  const passages = new Map<BenchDatabase, Passage[]>(DATABASES.map((database) => [database, []]));
  for (let run = 0; run < options.runs; run += 1) {
    for (const database of DATABASES) passages.get(database)?.push(await passThrough(database));
    options.onRun(`${run + 1} of ${options.runs}`);
  }
  return {
    title: `dispatch: ${FILM_SECONDS / 60} minutes of tasks that take no time, from complete to online`,
    columns: ['', 'median (runs)', 'tasks', 'per task'],
    rows: [...passages].map(([database, runs]) => {
      const seconds = runs.map((run) => run.seconds);
      const tasks = runs[0]?.tasks ?? 0;
      return [
        database,
        secondsOf(seconds),
        String(tasks),
        `${((median(seconds) / tasks) * 1000).toFixed(1)} ms`,
      ];
    }),
    remarks: [],
  };
}

async function passThrough(database: BenchDatabase): Promise<Passage> {
  const bench = await openFarmBench(database);
  const { queue, store } = bench.context;
  const facts = factsOf({ durationSeconds: FILM_SECONDS, audio: false });
  let farm: Farm | undefined;
  const worker = await startWorker({
    queue,
    store,
    logger: bench.logger,
    config: { workerId: 'bench', workDir: path.join(bench.media.root, 'work'), threads: 1, drainSeconds: 1 },
    runTask: async ({ spec, videoId, tag }) => resultOf(spec, facts, videoId, tag),
  });
  try {
    await waitFor('the worker to be well', () => worker.state === 'idle');
    farm = await startFarm(bench.context);
    return await timeVideo(bench);
  } finally {
    await worker.stop();
    await farm?.stop();
    await bench.close();
  }
}

async function timeVideo(bench: FarmBench): Promise<Passage> {
  const begun = performance.now();
  const { id } = await bench.addVideo();
  bench.context.signals.tasksWaiting();
  const online = Promise.withResolvers<void>();
  const stopListening = bench.context.signals.onVideoChanged(async (videoId) => {
    if (videoId !== id) return;
    const { status } = await bench.videoOf(id);
    if (status === 'online') online.resolve();
    else if (status === 'failed') online.reject(new Error('the video failed'));
  });
  await online.promise.finally(stopListening);
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, tasks: (await bench.tasksOf(id)).length };
}

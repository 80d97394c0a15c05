import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeFilm } from '../support/films.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { queryPrometheus } from '../support/prometheus.ts';
import { ComposeFarm } from './composeFarm.ts';
import { Creator } from './creator.ts';

const SECONDS = 60;
/** Several scrapes, 15 s apart. */
const SEEN = { timeoutMs: 120_000, pollMs: 500 };

let folder: TemporaryFolder;
let farm: ComposeFarm;
let film: string;
let ask: (expression: string) => Promise<number[]>;
before(async () => {
  folder = await makeTemporaryFolder('film');
  film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  const port = await findFreePort();
  ask = (expression) => queryPrometheus(`http://127.0.0.1:${port}`, expression);
  farm = await ComposeFarm.open({ PROMETHEUS_PORT: String(port), WORKER_CPUS: '0.25' });
  await farm.up([]);
  await farm.up(['prometheus']);
});
after(async () => {
  await farm.down();
  await folder.remove();
});

test('Prometheus becomes healthy, and reads server, broker and store with the secrets of .env', async () => {
  await farm.waitHealthy('prometheus', 1);
  await waitFor('all three are read', async () => (await ask('up == 1')).length === 3, SEEN);
  for (const metric of ['reelmill_http_request_duration_seconds_count', 'rabbitmq_queues']) {
    await waitFor(metric, async () => (await ask(metric)).length > 0, SEEN);
  }
  const free = 'minio_cluster_capacity_usable_free_bytes';
  await waitFor(free, async () => ((await ask(free))[0] ?? 0) > 0, SEEN);
});

test('eight workers share a film and become two in the middle of it: no task fails or is tried again', async () => {
  await scaleTo(8);
  await waitFor('eight are seen', async () => (await ask('sum(reelmill_workers)'))[0] === 8, SEEN);
  const creator = await Creator.signUp(farm.url, 'watched');
  const videoId = await creator.upload(film);
  await creator.waitForProgress(videoId);
  const atWork = (await farm.look()).workers.filter(({ state }) => state === 'busy').length;
  assert.ok(atWork > 2, `${atWork} of eight workers are at work`);
  await scaleTo(2);
  await creator.watch(videoId, SECONDS);
  assert.equal(await farm.countRetries(videoId), 0);
  await waitFor('it is counted', async () => (await ask('reelmill_videos{status="online"}'))[0] === 1, SEEN);
  assert.deepEqual(await ask('ALERTS{alertstate="firing"}'), []);
});

test('a farm without workers is told of', async () => {
  await scaleTo(0);
  await waitFor(
    'the alert',
    async () => (await ask('ALERTS{alertname="ReelmillNoWorkers"}')).length === 1,
    SEEN,
  );
});

async function scaleTo(workers: number): Promise<void> {
  await farm.up(['--no-recreate', '--scale', `worker=${workers}`]);
  await farm.waitHealthy('worker', workers);
}

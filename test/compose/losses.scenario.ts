import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { logInAs, startReelmill } from '../support/cli.ts';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { ComposeFarm, type Container } from './composeFarm.ts';
import { Creator } from './creator.ts';

const SECONDS = 150;
/** So slow that the film outlasts everything that happens to it, on a fast machine too. */
const SLOW_WORKERS = { WORKER_CPUS: '0.25' };
const BROKER_IS_GONE_MS = 30_000;
const ONLINE_MS = 8 * 60_000;

let folder: TemporaryFolder;
let farm: ComposeFarm;
let film: string;
before(async () => {
  folder = await makeTemporaryFolder('film');
  film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  farm = await ComposeFarm.open(SLOW_WORKERS);
  await scaleTo(2);
});
after(async () => {
  await farm.down();
  await folder.remove();
});

test('a video survives scaling, a killed worker, half a minute without broker and a restarted server', async (t) => {
  await logInAs(folder.path, farm.url, 'losses');
  const upload = startReelmill(folder.path, ['upload', film, '--wait']);
  const step = (what: string): void => t.diagnostic(what);

  await waitFor('the first chunks', async () => ((await farm.look()).tasks.done ?? 0) > 2, LONG);
  await scaleTo(4);
  step('scaled to four');

  const victim = await findBusy();
  process.kill(victim.State.Pid, 'SIGKILL');
  await waitFor('the killed worker is back', async () => {
    const again = (await farm.containers('worker')).find(({ Id }) => Id === victim.Id);
    return again?.RestartCount === 1 && again.State.Status === 'running';
  });
  step('killed a worker in the middle of a chunk');

  const broker = await farm.container('rabbitmq');
  await farm.docker.run(['stop', broker.Id]);
  await pause(BROKER_IS_GONE_MS);
  await farm.docker.run(['start', broker.Id]);
  step('took the broker away for 30 s');

  const server = await farm.container('server');
  await farm.docker.run(['restart', server.Id]);
  await farm.waitHealthy('server', 1);
  step('restarted the server');
  assert.equal(upload.exit, null, `the film is too short for all this: ${upload.lastLines()}`);
  await scaleTo(1);
  step('scaled to one');

  assert.deepEqual(await upload.waitForExit(ONLINE_MS), { code: 0, signal: null }, upload.lastLines());
});

test('the video is online, and every rendition plays to its last picture', async () => {
  const creator = await Creator.logIn(farm.url, {
    email: 'losses@example.org',
    password: 'password of losses',
  });
  const [video, ...others] = await creator.videos();
  assert.ok(video);
  assert.deepEqual([video.status, video.progress, others.length], ['online', 100, 0]);
  await creator.watch(video.id, SECONDS);
});

test('nothing stays behind: no task, no dead letter, no scratch file, no volume', async () => {
  const { queue, tasks, running, recent_failures } = await farm.look();
  assert.deepEqual(queue, { ready: 0, consumers: 1, dead_letters: 0 });
  const open = Object.entries(tasks).filter(([state, count]) => state !== 'done' && count > 0);
  assert.deepEqual(open, []);
  assert.deepEqual([running, recent_failures], [[], []]);

  const worker = await farm.container('worker');
  assert.equal(await farm.exec(worker, ['find', '/work', '-type', 'f']), '/work/health.json\n');
  const { stdout } = await farm.docker.run(['volume', 'ls', '--quiet']);
  assert.deepEqual(stdout.trim().split('\n').sort(), [
    `${farm.project}_minio`,
    `${farm.project}_mysql`,
    `${farm.project}_rabbitmq`,
  ]);
});

const LONG = { timeoutMs: ONLINE_MS };

async function scaleTo(workers: number): Promise<void> {
  await farm.up(['--no-recreate', '--scale', `worker=${workers}`]);
  await farm.waitHealthy('worker', workers);
}

/** The container of a worker that is in the middle of a chunk. */
async function findBusy(): Promise<Container> {
  return waitFor(
    'a worker in the middle of a chunk',
    async () => {
      const busy = (await farm.look()).workers.find(
        ({ state, task }) => state === 'busy' && task?.kind === 'encode' && task.progress > 0,
      );
      return (await farm.containers('worker')).find(({ Config }) => Config.Hostname === busy?.host);
    },
    LONG,
  );
}

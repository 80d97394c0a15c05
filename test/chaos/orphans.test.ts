import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { findEmbeddedWorkers, isRunning } from '../support/childProcesses.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import type { Injection } from './faults.ts';
import { findMarkedProcesses } from './markedProcesses.ts';
import { createRandom } from './random.ts';
import { openStandaloneWorld } from './standaloneWorld.ts';
import { openTimeline } from './timeline.ts';
import type { World } from './world.ts';

/** A worker that was continued finds its server gone and ends; see `ORPHANED_MS` of the embedded worker. */
const NOTICES = { timeoutMs: 60_000 };

let folder: TemporaryFolder;
let world: World;
let timeline: ReturnType<typeof openTimeline>;

before(async () => {
  folder = await makeTemporaryFolder('chaos-orphans');
  const logFolder = path.join(folder.path, 'logs');
  await mkdir(logFolder);
  timeline = openTimeline(logFolder, () => undefined);
  world = await openStandaloneWorld({ folder: folder.path, logFolder, timeline });
});
after(async () => {
  await world.dispose();
  await timeline.close();
  await folder.remove();
});

/** Suspends the embedded worker of a server that has just started, and then kills its server. */
async function suspendWorkerAndKillServer(): Promise<{ worker: number; fault: Injection }> {
  const [server] = world.programs;
  assert.ok(server);
  await world.heal();
  const worker = await waitFor(
    'the embedded worker runs',
    async () => (server.pid === null ? undefined : (await findEmbeddedWorkers(server.pid))[0]),
    NOTICES,
  );
  const { draw } =
    world.faults.find(({ kind }) => kind === 'SIGSTOP of the embedded worker') ?? assert.fail('no fault');
  const fault = (await draw(createRandom(1))) ?? assert.fail('no worker was found');
  await fault.begin();
  await server.kill();
  assert.ok(await isRunning(worker), 'what is suspended notices nothing');
  return { worker, fault };
}

const untilGone = (pid: number): Promise<unknown> =>
  waitFor(`worker ${pid} ends`, async () => !(await isRunning(pid)), NOTICES);

test('continues a suspended worker whose server was killed, when its fault is over', async () => {
  const { worker, fault } = await suspendWorkerAndKillServer();
  await fault.end();
  await untilGone(worker);
});

test('continues it when everything is healed', async () => {
  const { worker } = await suspendWorkerAndKillServer();
  await world.heal();
  await untilGone(worker);
});

test('ends it with the run', async () => {
  const { worker } = await suspendWorkerAndKillServer();
  await world.dispose();
  assert.equal(await isRunning(worker), false);
  assert.deepEqual(await findMarkedProcesses(world.mark), []);
});

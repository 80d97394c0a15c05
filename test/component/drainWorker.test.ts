import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FarmWorker, farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { type RunningWorker, startWorker } from '@reelmill/worker/worker.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';
import { uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };

describe('a worker that an admin drains', () => {
  let server: TestServer;
  let admin: ApiUser;
  let folder: { path: string; remove(): Promise<void> };
  let worker: RunningWorker;
  let release: PromiseWithResolvers<void>;
  const taken: number[] = [];
  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    admin = await (await DocumentedApi.of(server.url)).logIn(ADMIN);
    folder = await makeTemporaryFolder('drained');
    release = Promise.withResolvers();
    const { store, queue, logger } = server.context;
    worker = await startWorker({
      store,
      queue,
      logger,
      config: { workerId: 'worker-1', workDir: folder.path, threads: 1, drainSeconds: 0 },
      runTask: async ({ videoId, spec, tag }) => {
        taken.push(videoId);
        await release.promise;
        return resultOf(spec, factsOf({ durationSeconds: 4 }), videoId, tag);
      },
    });
  });
  after(async () => {
    release.resolve();
    await worker?.stop();
    await folder?.remove();
    await server?.stop();
  });

  const tell = (what: 'drain' | 'resume') => admin.call('POST', `/admin/workers/worker-1/${what}`);
  const stateIs = (state: FarmWorker['state']) =>
    waitFor(`the worker is ${state}`, async () => {
      const { workers } = (await admin.call('GET', '/admin/farm')).as(farmSchema);
      return workers.some((one) => one.worker_id === 'worker-1' && one.state === state);
    });

  test('finishes its task, takes no more, and takes tasks again when it is resumed', async () => {
    const first = await uploadSomething(admin);
    await stateIs('busy');
    assert.deepEqual(taken, [first]);
    assert.equal((await tell('drain')).status, 202);
    await stateIs('draining');
    release.resolve();
    await stateIs('drained');
    assert.equal((await server.context.queue.depth()).consumers, 0);
    const second = await uploadSomething(admin);
    assert.ok(!taken.includes(second));
    assert.equal((await tell('resume')).status, 202);
    await waitFor('the second video', () => taken.includes(second));
  });

  test('drains although it missed the message, and follows the last one', async () => {
    const { Worker } = server.context.database.models;
    await Worker.update({ wantedState: 'drained' }, { where: { id: 'worker-1' } });
    await stateIs('drained');
    for (const what of ['resume', 'drain', 'resume', 'drain', 'resume'] as const) await tell(what);
    await waitFor('one consumer', async () => (await server.context.queue.depth()).consumers === 1);
    const third = await uploadSomething(admin);
    await waitFor('the third video', () => taken.includes(third));
    await waitFor('nothing is wanted any more', async () => {
      const row = await Worker.findByPk('worker-1', { rejectOnEmpty: true });
      return row.wantedState === null;
    });
    assert.equal((await server.context.queue.depth()).consumers, 1);
  });

  test('stops all the same, and is sent nothing after', async () => {
    await tell('drain');
    await stateIs('drained');
    await worker.stop();
    await stateIs('stopped');
    const answer = await tell('resume');
    assert.deepEqual([answer.status, answer.error.code], [409, 'state_conflict']);
    assert.equal((await admin.call('POST', '/admin/workers/nobody/drain')).status, 404);
  });
});

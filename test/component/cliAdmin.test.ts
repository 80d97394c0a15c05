import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { z } from 'zod';
import { DocumentedApi } from '../support/apiClient.ts';
import { logInAs, runReelmill, startReelmill } from '../support/cli.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'password of boss' };
const lineSchema = z.object({ farm: farmSchema });

describe('reelmill admin', { timeout: 120_000 }, () => {
  let server: TestServer;
  let api: DocumentedApi;
  let folder: { path: string; remove(): Promise<void> };
  let config: string;
  before(async () => {
    folder = await makeTemporaryFolder('cli-admin');
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
    config = path.join(folder.path, 'boss');
    await logInAs(config, server.url, 'boss');
  });
  after(async () => {
    await server.stop();
    await folder.remove();
  });

  test('nobody else may', async () => {
    const other = path.join(folder.path, 'creator');
    await logInAs(other, server.url, 'creator');
    const { code, stdout, stderr } = await runReelmill(other, ['admin', 'farm']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /\S/);
    const wrong = await runReelmill(config, ['admin', 'farm', '--watch', 'often']);
    assert.equal(wrong.code, 2);
  });

  test('farm --watch continues until it is interrupted', async () => {
    const watch = startReelmill(config, ['admin', 'farm', '--watch', '0.5', '--json']);
    try {
      await watch.waitForLine(/"queued":0/);
      await uploadSomething(await api.signUp('bob'));
      const line = await watch.waitForLine(/"queued":1/);
      assert.equal(lineSchema.parse(JSON.parse(line)).farm.tasks.queued, 1);
    } finally {
      await watch.stop();
    }
  });

  test('farm shows waiting tasks and dead letters, as text and as JSON', async () => {
    await uploadSomething(await api.signUp('ann'));
    const { queue } = server.context;
    const refused = Promise.withResolvers<void>();
    const consumer = await queue.consumeTasks(async () => {
      refused.resolve();
      return 'dead_letter';
    });
    await refused.promise;
    await consumer.stop();
    const text = await runReelmill(config, ['admin', 'farm']);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /^Dead letters {2}1$/m);
    assert.match(text.stdout, /^tasks .+\{"v":1,"taskId":\d+/m);
    assert.match(text.stdout, /^Suggested +1 worker: docker compose up -d --scale worker=1$/m);

    const { stdout } = await runReelmill(config, ['admin', 'farm', '--json']);
    const { farm } = lineSchema.parse(JSON.parse(stdout));
    assert.equal(farm.queue?.dead_letters, 1);
    assert.equal(JSON.parse(stdout).dead_letters.length, 1);
  });
});

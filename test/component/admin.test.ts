import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deadLetterListSchema, farmSchema, replayResponseSchema } from '@reelmill/shared/contracts/admin.ts';
import { adminUserListSchema, adminUserSchema } from '@reelmill/shared/contracts/adminUsers.ts';
import { auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const FFMPEG = '7.1.5-0+deb13u1';
const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };

describe('administration', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let admin: ApiUser;
  let user: ApiUser;
  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
    admin = await api.logIn(ADMIN);
    user = await api.signUp('ann');
  });
  after(() => server.stop());

  const readFarm = async () => (await admin.call('GET', '/admin/farm')).as(farmSchema);

  test('an idle farm', async () => {
    const farm = await readFarm();
    assert.deepEqual(farm.queue, { ready: 0, consumers: 0, dead_letters: 0 });
    assert.deepEqual([farm.drain_seconds, farm.suggested_replicas], [0, 1]);
    assert.equal(farm.scale_command, 'docker compose up -d --scale worker=1');
    assert.deepEqual([farm.workers, farm.running, farm.recent_failures], [[], [], []]);
  });

  test('how programs are confined, and which ffmpeg they are, is told to administrators alone', async () => {
    const confinement = {
      ...{ filesystem: 'landlock', network: null, syscalls: 'seccomp', separateUser: false },
      missing: [{ what: 'network' as const, why: 'an old kernel' }],
    };
    const { Worker } = server.context.database.models;
    await server.context.queue.publishEvent({
      ...{ v: 1, type: 'heartbeat', workerId: 'half', at: new Date().toISOString(), host: 'h', cpus: 1 },
      ...{ version: '0', startedAt: new Date().toISOString(), state: 'idle', taskId: null, reason: null },
      ...{ confinement, ffmpegVersion: FFMPEG },
    });
    await waitFor('the heartbeat arrived', async () => (await Worker.count()) === 1);
    await Worker.create({
      ...{ id: 'old', host: 'h', cpus: 1, version: '0', state: 'idle', reason: null, taskId: null },
      ...{ startedAt: new Date(), lastSeenAt: new Date() },
    });
    const ready = async (who: ApiUser | DocumentedApi) =>
      (await who.call('GET', '//readyz')).as(readinessSchema).workers;
    assert.deepEqual(
      (await ready(admin))?.toSorted((a, b) => a.worker_id.localeCompare(b.worker_id)),
      [
        { worker_id: 'half', state: 'idle', reason: null, confinement, ffmpeg_version: FFMPEG },
        { worker_id: 'old', state: 'idle', reason: null, confinement: null, ffmpeg_version: null },
      ],
    );
    assert.equal(await ready(user), undefined);
    assert.equal(await ready(api), undefined);
    const { workers } = await readFarm();
    const shown = (id: string) => workers.find(({ worker_id }) => worker_id === id);
    assert.deepEqual(shown('half')?.confinement, confinement);
    assert.equal(shown('half')?.ffmpeg_version, FFMPEG);
    assert.equal('ffmpeg_version' in (shown('old') ?? {}), false);
    assert.equal((await user.call('GET', '/admin/farm')).status, 403);
    await Worker.destroy({ where: {} });
  });

  test('a worker, its task, and what failed', async () => {
    const videoId = await uploadSomething(user);
    const { queue } = server.context;
    const consumer = await queue.consumeTasks(async (message) => {
      const common = { v: 1, workerId: 'w1', at: new Date().toISOString() } as const;
      const task = { taskId: message.taskId, videoId: message.videoId, leaseToken: message.leaseToken };
      await queue.publishEvent({
        ...common,
        type: 'heartbeat',
        host: 'h1',
        cpus: 2,
        version: '0',
        startedAt: common.at,
        state: 'busy',
        taskId: message.taskId,
        reason: null,
      });
      await queue.publishEvent({ ...common, ...task, type: 'started' });
      await waitFor('the task to run', async () => {
        const farm = await readFarm();
        return farm.running.length === 1 && farm.workers[0]?.task?.video_id === videoId;
      });
      const error = {
        code: 'not_a_video',
        message: 'no',
        retryable: false,
        diagnostics: 'bytes 1 2 3',
      } as const;
      await queue.publishEvent({ ...common, ...task, type: 'failed', error });
      return 'ack';
    });
    const farm = await waitFor('the failure', async () => {
      const now = await readFarm();
      return now.recent_failures.length === 1 ? now : null;
    });
    await consumer.stop();
    const { code, diagnostics } = farm.recent_failures[0]?.error ?? {};
    assert.deepEqual([code, diagnostics], ['not_a_video', 'bytes 1 2 3']);
    assert.equal(farm.tasks.failed, 1);
    assert.deepEqual([farm.workers[0]?.worker_id, farm.workers[0]?.state], ['w1', 'busy']);
  });

  test('a worker that is silent is lost', async () => {
    const { models } = server.context.database;
    const longAgo = new Date(Date.now() - 60_000);
    const row = { host: 'h', version: '0', cpus: 1, reason: null, taskId: null, startedAt: longAgo };
    await models.Worker.create({ ...row, id: 'silent', state: 'idle', lastSeenAt: longAgo });
    await models.Worker.create({ ...row, id: 'done', state: 'stopped', lastSeenAt: longAgo });
    const states = new Map((await readFarm()).workers.map(({ worker_id, state }) => [worker_id, state]));
    assert.deepEqual([states.get('silent'), states.get('done')], ['lost', 'stopped']);
  });

  test('accounts with their videos, page by page', async () => {
    const { users, total } = (await admin.call('GET', '/admin/users?limit=1&offset=1')).as(
      adminUserListSchema,
    );
    assert.equal(total, 2);
    assert.deepEqual(
      users.map(({ email, video_count, disabled }) => [email, video_count, disabled]),
      [['ann@example.org', 1, false]],
    );
  });

  test('roles change, but nobody takes his own administration away', async () => {
    const promoted = await admin.call('PATCH', `/admin/users/${user.userId}`, { body: { role: 'admin' } });
    assert.equal(promoted.as(adminUserSchema).role, 'admin');
    await waitFor(
      'the role to be noticed',
      async () => (await user.call('GET', '/admin/farm')).status === 200,
    );
    for (const body of [{ role: 'creator' }, { disabled: true }]) {
      const response = await admin.call('PATCH', `/admin/users/${admin.userId}`, { body });
      assert.deepEqual([response.status, response.error.code], [409, 'state_conflict']);
    }
    await admin.call('PATCH', `/admin/users/${user.userId}`, { body: { role: 'creator' } });
    assert.equal((await admin.call('PATCH', '/admin/users/9999', { body: {} })).status, 404);
  });

  test('dead letters are seen and replayed', async () => {
    const { queue } = server.context;
    const videoId = await uploadSomething(user);
    const refused = Promise.withResolvers<void>();
    const consumer = await queue.consumeTasks(async () => {
      refused.resolve();
      return 'dead_letter';
    });
    await refused.promise;
    await consumer.stop();
    const letters = (await admin.call('GET', '/admin/dead-letters')).as(deadLetterListSchema).dead_letters;
    assert.ok(letters.some(({ body }) => body.includes(`"videoId":${videoId}`)));
    const replayed = await admin.call('POST', '/admin/dead-letters/replay', { body: {} });
    assert.equal(replayed.as(replayResponseSchema).replayed, letters.length);
    assert.deepEqual(
      (await admin.call('GET', '/admin/dead-letters')).as(deadLetterListSchema).dead_letters,
      [],
    );
  });
});

test('a command makes an admin, also of somebody who has registered that address already', async () => {
  const folder = await makeTemporaryFolder('admin');
  try {
    const server = await startTestServer({ dataDir: folder.path });
    const squatter = await (await DocumentedApi.of(server.url)).signUp('boss');
    await server.stop();
    assert.match(await createAdmin(folder.path, squatter.email, 'a new password\n'), /is an admin/);
    const again = await startTestServer({ dataDir: folder.path });
    try {
      const api = await DocumentedApi.of(again.url);
      const admin = await api.logIn({ email: squatter.email, password: 'a new password' });
      assert.equal((await admin.call('GET', '/admin/farm')).status, 200);
      const { entries } = (await admin.call('GET', '/admin/audit?action=admin.create')).as(auditListSchema);
      assert.deepEqual(
        entries.map(({ actor, details }) => [actor, details]),
        [[null, { email: squatter.email, via: 'command', promoted: true }]],
      );
      const body = { refresh_token: squatter.refreshToken };
      assert.equal((await api.call('POST', '/users/refresh', { body })).status, 401);
    } finally {
      await again.stop();
    }
    await assert.rejects(createAdmin(folder.path, 'nobody', 'a new password'));
  } finally {
    await folder.remove();
  }
});

function createAdmin(dataDir: string, email: string, password: string): Promise<string> {
  const script = path.resolve(import.meta.dirname, '../../server/src/app/createAdmin.ts');
  const env = { ...process.env, REELMILL_PROFILE: 'standalone', REELMILL_DATA: dataDir };
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [script, '--email', email],
      { env, timeout: 30_000 },
      (error, out) => (error ? reject(error) : resolve(out)),
    );
    child.stdin?.end(password);
  });
}

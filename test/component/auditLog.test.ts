import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deadLetterListSchema } from '@reelmill/shared/contracts/admin.ts';
import { type AuditEntry, auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import { type ApiResponse, type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { addFailedTask, addWorker, buryTask } from '../support/farmTroubles.ts';
import { waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const SECRETS = ['a password of hers', 'another password', ADMIN.password, 'a wrong password'];

describe('the audit log', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let admin: ApiUser;
  let ann: ApiUser;
  before(async () => {
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    api = await DocumentedApi.of(server.url);
    admin = await api.logIn(ADMIN);
    ann = await api.signUp('ann');
  });
  after(() => server.stop());

  const readLog = async (query = 'limit=100'): Promise<AuditEntry[]> =>
    (await admin.call('GET', `/admin/audit?${query}`)).as(auditListSchema).entries;
  /** The entries that an act left, the newest first; the act must have succeeded. */
  const entriesOf = async (act: () => Promise<ApiResponse>): Promise<AuditEntry[]> => {
    const [last] = await readLog('limit=1');
    const response = await act();
    assert.ok(response.status < 300, response.text);
    const entries = (await readLog()).filter(({ id }) => id > (last?.id ?? 0));
    for (const entry of entries) {
      assert.deepEqual(entry.actor, { user_id: admin.userId, email: ADMIN.email });
      assert.equal(entry.request_id, response.headers.get('x-request-id'));
      assert.equal(entry.address, '127.0.0.1');
    }
    return entries;
  };
  const change = (method: string, path: string, body?: object) => () =>
    admin.call(method, path, body === undefined ? {} : { body });

  /** Every route for admins that changes something, with an example; whoever adds a route adds it here. */
  const CHANGES: Record<string, { action: string; act: () => Promise<ApiResponse> }> = {
    'post /api/v1/admin/users': {
      action: 'user.create',
      act: change('POST', '/admin/users', { email: 'new@example.org', password: 'a password of hers' }),
    },
    'patch /api/v1/admin/users/{id}': {
      action: 'user.quota',
      act: () => admin.call('PATCH', `/admin/users/${ann.userId}`, { body: { quota: { videos: 50 } } }),
    },
    'post /api/v1/admin/users/{id}/password': {
      action: 'user.reset_password',
      act: async () => {
        const { userId } = await api.signUp('forgetful');
        return admin.call('POST', `/admin/users/${userId}/password`, {
          body: { password: 'another password' },
        });
      },
    },
    'patch /api/v1/admin/videos/{id}': {
      action: 'video.priority',
      act: async () => {
        const videoId = await uploadSomething(ann);
        return admin.call('PATCH', `/admin/videos/${videoId}`, { body: { priority: 'high' } });
      },
    },
    'post /api/v1/admin/workers/{id}/drain': {
      action: 'worker.drain',
      act: async () => {
        await addWorker(server.context, 'w1');
        return admin.call('POST', '/admin/workers/w1/drain');
      },
    },
    'post /api/v1/admin/workers/{id}/resume': {
      action: 'worker.resume',
      act: change('POST', '/admin/workers/w1/resume'),
    },
    'post /api/v1/admin/tasks/{id}/retry': {
      action: 'task.retry',
      act: async () => {
        const taskId = await addFailedTask(server.context, await uploadSomething(ann));
        return admin.call('POST', `/admin/tasks/${taskId}/retry`);
      },
    },
    'post /api/v1/admin/retention/run': {
      action: 'retention.run',
      act: change('POST', '/admin/retention/run', { job: 'leftovers', dry_run: false }),
    },
    'post /api/v1/admin/retention/allow': {
      action: 'retention.allow',
      act: async () => {
        const { RetentionJob } = server.context.database.models;
        const figures = { reason: 'too much', since: new Date().toISOString(), items: 9, limit: 1 };
        const stop = { kind: 'count' as const, ...figures, settings: {} };
        await RetentionJob.update({ stop }, { where: { name: 'leftovers' } });
        return admin.call('POST', '/admin/retention/allow', { body: { job: 'leftovers' } });
      },
    },
    'post /api/v1/admin/dead-letters/replay': {
      action: 'dead_letter.replay',
      act: async () => {
        await buryTask(server.context, await uploadSomething(ann));
        return admin.call('POST', '/admin/dead-letters/replay', { body: {} });
      },
    },
    'post /api/v1/admin/dead-letters/discard': {
      action: 'dead_letter.discard',
      act: change('POST', '/admin/dead-letters/discard', { limit: 10 }),
    },
  };

  test('every route for admins that changes something creates an entry', async () => {
    const changing = api.operations.filter(
      (operation) => operation.includes(' /api/v1/admin/') && !operation.startsWith('get '),
    );
    assert.deepEqual(Object.keys(CHANGES).sort(), changing.sort());
    for (const [operation, { action, act }] of Object.entries(CHANGES)) {
      const entries = await entriesOf(act);
      assert.deepEqual(
        entries.map((entry) => entry.action),
        [action],
        operation,
      );
    }
  });

  test('records changes by an admin to videos of others, not those by their owners', async () => {
    const videoId = await uploadSomething(ann);
    const { videoId: uploading } = await beginMultipart(ann, 10_000_000);
    const acts: [string, string, string, object?][] = [
      ['video.update', 'PATCH', `/videos/${videoId}`, { visibility: 'unlisted' }],
      ['video.renew_link', 'POST', `/videos/${videoId}/renew-link`],
      ['video.cancel', 'POST', `/videos/${videoId}/cancel`],
      ['video.retry', 'POST', `/videos/${videoId}/retry`],
      ['video.cancel', 'DELETE', `/videos/${uploading}/upload`],
      ['video.delete', 'DELETE', `/videos/${videoId}`],
    ];
    for (const [action, method, path, body] of acts) {
      const [entry, ...others] = await entriesOf(change(method, path, body));
      assert.deepEqual([entry?.action, others], [action, []], path);
      assert.equal(entry?.details.owner, ann.userId);
    }
    const own = await uploadSomething(ann);
    for (const [, method, path, body] of acts.filter(([, , path]) => path.startsWith(`/videos/${videoId}`))) {
      const ownPath = path.replace(String(videoId), String(own));
      const entries = await entriesOf(() => ann.call(method, ownPath, body === undefined ? {} : { body }));
      assert.deepEqual(entries, [], ownPath);
    }
  });

  test('a rejected request creates no entry', async () => {
    const [last] = await readLog('limit=1');
    const refused: [string, string, object?][] = [
      ['POST', '/admin/users', { email: 'ann@example.org' }],
      ['PATCH', `/admin/users/${admin.userId}`, { disabled: true }],
      ['PATCH', '/admin/videos/999999', { priority: 'low' }],
      ['POST', '/admin/workers/nobody/drain'],
      ['POST', '/admin/tasks/999999/retry'],
    ];
    for (const [method, path, body] of refused) {
      const response = await admin.call(method, path, body === undefined ? {} : { body });
      assert.ok(response.status >= 400, path);
    }
    assert.deepEqual((await readLog('limit=1'))[0], last);
  });

  test('records the first admin, and logins and failed logins of admins only', async () => {
    const [made] = await readLog('action=admin.create');
    assert.deepEqual(made?.actor, null);
    assert.deepEqual(made?.details, { email: ADMIN.email, via: 'configuration', promoted: false });
    const logIn = (email: string, password: string) =>
      api.call('POST', '/users/login', { body: { email, password } });
    await logIn(ann.email, 'a wrong password');
    const failed = await logIn(ADMIN.email, 'a wrong password');
    const entry = await waitFor(
      'the failed login',
      async () => (await readLog('action=admin.login_failed'))[0],
    );
    assert.deepEqual(entry.actor, { user_id: null, email: ADMIN.email });
    assert.deepEqual(entry.target, { kind: 'user', id: String(admin.userId) });
    assert.equal(entry.request_id, failed.headers.get('x-request-id'));
    assert.equal((await readLog('action=admin.login_failed')).length, 1);
    const [login] = await readLog('action=admin.login');
    assert.deepEqual(login?.actor, { user_id: admin.userId, email: ADMIN.email });
  });

  test('each changed property of an account has its own entry', async () => {
    const user = await api.signUp('bo');
    const body = { role: 'admin', disabled: true, quota: { bytes: 'unlimited' } };
    const entries = await entriesOf(() => admin.call('PATCH', `/admin/users/${user.userId}`, { body }));
    assert.deepEqual(
      entries.map(({ action, details }) => [action, details]),
      [
        ['user.quota', { bytes: 'unlimited' }],
        ['user.disable', {}],
        ['user.role', { from: 'creator', to: 'admin' }],
      ],
    );
    assert.deepEqual(
      await entriesOf(() => admin.call('PATCH', `/admin/users/${user.userId}`, { body: { role: 'admin' } })),
      [],
    );
  });

  test('contains no secrets, and only admins may read it', async () => {
    const text = (await admin.call('GET', '/admin/audit?limit=100')).text;
    for (const secret of [...SECRETS, admin.token, admin.refreshToken]) assert.ok(!text.includes(secret));
    assert.equal((await ann.call('GET', '/admin/audit')).status, 403);
    assert.deepEqual(
      (await admin.call('GET', '/admin/dead-letters')).as(deadLetterListSchema).dead_letters,
      [],
    );
  });
});

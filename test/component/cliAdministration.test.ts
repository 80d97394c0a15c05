import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type CliResult, runReelmill } from '../support/cli.ts';
import { addFailedTask, addWorker, buryTask } from '../support/farmTroubles.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };

describe('reelmill admin', { timeout: 300_000 }, () => {
  let server: TestServer;
  let folder: { path: string; remove(): Promise<void> };
  let ann: ApiUser;
  before(async () => {
    folder = await makeTemporaryFolder('admin-cli');
    server = await startTestServer({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
    ann = await (await DocumentedApi.of(server.url)).signUp('ann');
    assert.equal((await logIn('boss', ADMIN.email, ADMIN.password)).code, 0);
  });
  after(async () => {
    await server.stop();
    await folder.remove();
  });

  const runAs = (who: string, args: string[], input = ''): Promise<CliResult> =>
    runReelmill(path.join(folder.path, who), args, input);
  const logIn = (who: string, email: string, password: string): Promise<CliResult> =>
    runAs(who, ['login', '--server', server.url, '--email', email, '--password-stdin'], `${password}\n`);
  const admin = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runAs('boss', ['admin', ...args]);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const adminJson = async (...args: string[]) => JSON.parse(await admin(...args, '--json'));

  test('creates an account, shows its password once, and asks to change it', async () => {
    const made = await admin(
      'users',
      'create',
      'kim@example.org',
      '--quota-bytes',
      '2G',
      '--quota-videos',
      '5',
    );
    const password = /^Password: (\S+)$/m.exec(made)?.[1] ?? '';
    const loggedIn = await logIn('kim', 'kim@example.org', password);
    assert.match(loggedIn.stderr, /change it with `reelmill password`/);
    const passwords = `${password}\nmy own password\n`;
    const changed = await runAs('kim', ['password', '--password-stdin'], passwords);
    assert.equal(changed.code, 0, changed.stderr);
    assert.equal((await runAs('kim', ['list'])).code, 0, 'the session goes on');
    const again = await runAs('kim', ['password', '--password-stdin'], passwords);
    assert.deepEqual([again.code, again.stderr], [3, 'The current password is wrong.\n']);
    assert.equal((await logIn('kim', 'kim@example.org', 'my own password')).stderr, '');
    assert.match(
      await admin('users', 'list', '--search', 'kim'),
      /kim@example\.org +kim +creator +active +0 of 5 +0 B of 2\.0 GiB/,
    );
  });

  test('changes accounts by address or ID', async () => {
    assert.equal((await adminJson('users', 'disable', 'ann@example.org')).disabled, true);
    assert.equal((await adminJson('users', 'list', '--disabled')).total, 1);
    assert.match(await admin('users', 'enable', String(ann.userId)), /ann@example\.org.*active/);
    assert.equal((await adminJson('users', 'role', 'ann@example.org', 'admin')).role, 'admin');
    assert.equal((await adminJson('users', 'role', 'ann@example.org', 'creator')).role, 'creator');
    const quota = (
      await adminJson('users', 'quota', 'ann@example.org', '--bytes', 'unlimited', '--videos', '30')
    ).quota;
    assert.deepEqual([quota.bytes.limit, quota.videos.limit], [null, 30]);
    const limits = ['--running-tasks', '4', '--queued-minutes', 'unlimited', '--daily-minutes', '600'];
    const farm = (await adminJson('users', 'quota', 'ann@example.org', ...limits)).quota;
    assert.deepEqual(
      [farm.running_tasks?.limit, farm.queued_minutes?.limit, farm.daily_minutes?.limit],
      [4, null, 600],
    );
    const reset = await runAs(
      'boss',
      ['admin', 'users', 'reset-password', 'ann@example.org', '--password-stdin'],
      `${ann.password}\n`,
    );
    assert.equal(reset.code, 0, reset.stderr);
    assert.ok(!reset.stdout.includes(ann.password));
  });

  test('videos, tasks, workers and dead letters', async () => {
    const user = await (await DocumentedApi.of(server.url)).logIn(ann);
    const id = String(await uploadSomething(user, { title: 'A \u001b[31mfilm' }));
    assert.match(
      await admin('videos', 'list', '--owner', 'ann@example.org', '--status', 'transcoding'),
      /ann@example\.org +normal +transcoding 0 % +A \?\[31mfilm/,
    );
    assert.equal((await adminJson('videos', 'priority', id, 'high')).priority, 'high');
    assert.equal(await admin('videos', 'cancel', id), `Video ${id} canceled.\n`);
    assert.deepEqual(await adminJson('videos', 'retry', id), { event: 'retried', video_id: Number(id) });
    const taskId = await addFailedTask(server.context, Number(id));
    assert.equal((await adminJson('tasks', 'retry', String(taskId))).state, 'pending');

    await addWorker(server.context, 'w/1');
    assert.match(await admin('workers', 'list'), /^w\/1 +h +idle/m);
    assert.match(await admin('workers', 'drain', 'w/1'), /takes no more/);
    assert.equal((await adminJson('workers', 'resume', 'w/1')).worker_id, 'w/1');

    for (const _ of [1, 2, 3]) await buryTask(server.context, await uploadSomething(user));
    const letters = (await adminJson('dead-letters', 'list')).dead_letters;
    assert.equal(letters.length, 3);
    assert.deepEqual(await adminJson('dead-letters', 'replay', letters[0].id), { replayed: 1 });
    assert.match(await admin('dead-letters', 'list'), new RegExp(`^${letters[1].id} +tasks +\\d+s ago`, 'm'));
    assert.equal(await admin('dead-letters', 'discard', '--all'), '2 dead letters removed.\n');
    assert.equal(await admin('dead-letters', 'list'), 'Nothing found.\n');
  });

  test('all of it is in the audit log', async () => {
    const { entries, total } = await adminJson('audit', '--actor', ADMIN.email, '--limit', '100');
    assert.equal(entries.length, total);
    const actions = new Set(entries.map(({ action }: { action: string }) => action));
    for (const action of [
      'user.create',
      'user.disable',
      'video.cancel',
      'worker.drain',
      'dead_letter.discard',
    ]) {
      assert.ok(actions.has(action), action);
    }
    const lines = await admin('audit', '--target', `user:${ann.userId}`, '--since', '2020-01-01');
    assert.match(
      lines,
      /boss@example\.org +127\.0\.0\.1 +user\.quota +user \d+ +\{"bytes":"unlimited","videos":30\}/,
    );
    assert.equal(await admin('audit', '--until', '2020-01-01'), 'Nothing found.\n');
  });

  test('explains errors, with an exit code for each kind', async () => {
    const cases: [string[], number, RegExp][] = [
      [['users', 'disable', 'nobody@example.org'], 1, /No account found for nobody@example\.org/],
      [['users', 'disable', ADMIN.email], 1, /cannot remove your own administrator role/],
      [['users', 'create', 'ann@example.org'], 1, /account with this e-mail address already/],
      [['users', 'role', 'ann@example.org', 'king'], 2, /Allowed choices are creator, admin/],
      [
        ['users', 'quota', 'ann@example.org', '--bytes', 'much'],
        2,
        /such as 500M or 2G, "unlimited" or "default"/,
      ],
      [['videos', 'priority', '1', 'urgent'], 2, /Allowed choices are low, normal, high/],
      [['workers', 'drain', 'nobody'], 1, /There is no such worker/],
      [['dead-letters', 'discard'], 2, /the IDs of dead letters, or --all/],
      [['audit', '--target', 'king:1'], 2, /Must begin with one of user/],
      [['audit', '--since', 'yesterday'], 2, /Must be a date/],
    ];
    for (const [args, expected, words] of cases) {
      const { code, stderr } = await runAs('boss', ['admin', ...args]);
      assert.equal(code, expected, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, words);
    }
    await logIn('ann', ann.email, ann.password);
    const forbidden = await runAs('ann', ['admin', 'users', 'list']);
    assert.deepEqual([forbidden.code, forbidden.stderr], [1, 'Only an administrator may do this.\n']);
  });
});

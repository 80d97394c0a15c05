import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { savedSessionSchema } from '@reelmill/desktop/engine/api/session.ts';
import { type CliResult, logInAs, runReelmill } from '../support/cli.ts';
import { findFreePort, makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('the command line', { timeout: 300_000 }, () => {
  let server: TestServer;
  let folder: { path: string; remove(): Promise<void> };
  before(async () => {
    folder = await makeTemporaryFolder('cli');
    server = await startTestServer();
  });
  after(async () => {
    await server.stop();
    await folder.remove();
  });

  const configOf = (name: string): string => path.join(folder.path, name);
  const makeFile = async (name: string, sizeBytes = 100_000): Promise<string> => {
    const file = path.join(folder.path, name);
    await writeFile(file, randomBytes(sizeBytes));
    return file;
  };
  const logIn = (config: string, email: string, password: string): Promise<CliResult> =>
    runReelmill(
      config,
      ['login', '--server', server.url, '--email', email, '--password-stdin'],
      `${password}\n`,
    );

  test('logs in with a password from standard input, and saves the session for its owner only', async () => {
    const config = configOf('login');
    await logInAs(configOf('other'), server.url, 'login');
    const { code, stdout } = await logIn(config, 'login@example.org', 'password of login');
    assert.equal(code, 0);
    const file = path.join(config, 'session.json');
    assert.match(stdout, /^Logged in to http:.* as login@example\.org\.\n/);
    assert.ok(stdout.includes(`saved unencrypted in ${file}, readable only by you`), stdout);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(savedSessionSchema.parse(JSON.parse(await readFile(file, 'utf8'))).serverUrl, server.url);

    const out = await runReelmill(config, ['logout']);
    assert.equal(out.code, 0);
    await assert.rejects(stat(file), { code: 'ENOENT' });
    assert.equal((await runReelmill(config, ['list'])).code, 3);
  });

  test('explains errors, with an exit code for each kind', async () => {
    const config = configOf('refused');
    await logInAs(config, server.url, 'refused');
    const cases: [string[], number, RegExp][] = [
      [['upload'], 2, /missing required argument 'file'/],
      [['upload', 'a', 'b', '--title', 'x'], 2, /--title can only be used with a single file/],
      [['upload', 'a', '--limit-rate', 'fast'], 2, /Must be a number of bytes/],
      [['upload', 'a', '--concurrency', '0'], 2, /Must be at least 1/],
      [['status', 'seven'], 2, /Must be a whole number/],
      [['nonsense'], 2, /unknown command/],
      [['status', '999999'], 1, /./],
      [['upload', path.join(folder.path, 'none.mp4')], 4, /none\.mp4: There is no such file\./],
    ];
    for (const [args, expected, words] of cases) {
      const { code, stderr } = await runReelmill(config, args);
      assert.equal(code, expected, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
    }
    const wrong = await logIn(configOf('wrong'), 'refused@example.org', 'not the password');
    assert.equal(wrong.code, 3);
    const port = await findFreePort();
    const dead = await runReelmill(
      configOf('dead'),
      ['login', '--server', `http://127.0.0.1:${port}`, '--email', 'a@example.org', '--password-stdin'],
      'password\n',
    );
    assert.equal(dead.code, 1);
    assert.equal(dead.stderr, `The connection to 127.0.0.1:${port} was refused.\n`);
  });

  test('the exit codes are in the help', async () => {
    const { code, stdout } = await runReelmill(configOf('help'), ['--help']);
    assert.equal(code, 0);
    for (const number of [0, 1, 2, 3, 4, 5, 130])
      assert.match(stdout, new RegExp(`^ {2}${number} +\\S`, 'm'));
  });

  test('uploads, lists, shows, cancels, retries and deletes', async () => {
    const config = configOf('life');
    await logInAs(config, server.url, 'life');
    const file = await makeFile('a\u001b[31m film.mp4');
    const uploaded = await runReelmill(config, ['upload', file, '--title', 'My film']);
    assert.equal(uploaded.code, 0, uploaded.stderr);
    assert.ok(!uploaded.stdout.includes('\u001b'));
    const id = /video (\d+), http/.exec(uploaded.stdout)?.[1] ?? '';
    assert.match(uploaded.stdout, /a\?\[31m film\.mp4: uploading 97\.7 KiB\n/);

    const list = await runReelmill(config, ['list', '--json']);
    assert.equal(JSON.parse(list.stdout).videos[0].title, 'My film');
    assert.match((await runReelmill(config, ['list'])).stdout, /My film {2}queued 0 %/);
    const status = await runReelmill(config, ['status', id, '--json']);
    assert.equal(JSON.parse(status.stdout).video.status, 'transcoding');

    const link = (await runReelmill(config, ['link', id])).stdout.trim();
    assert.equal((await fetch(link)).status, 200);
    const renewed = await runReelmill(config, ['link', id, '--renew', '--json']);
    const { watch_url, ...event } = JSON.parse(renewed.stdout);
    assert.deepEqual(event, {
      event: 'link',
      video_id: Number(id),
      visibility: 'private',
      legacy_link_until: null,
    });
    assert.equal((await fetch(link)).status, 401);
    assert.equal((await fetch(watch_url)).status, 200);

    assert.equal((await runReelmill(config, ['cancel', id])).stdout, `Video ${id} canceled.\n`);
    const followed = await runReelmill(config, ['status', id, '--follow']);
    assert.equal(followed.code, 5, followed.stderr);
    assert.equal((await runReelmill(config, ['retry', id])).code, 0);
    assert.equal((await runReelmill(config, ['delete', id])).code, 0);
    assert.equal((await runReelmill(config, ['status', id])).code, 1);
  });

  test('prints one JSON object for each event', async () => {
    const config = configOf('json');
    await logInAs(config, server.url, 'json');
    const files = [await makeFile('one.mp4'), await makeFile('two.mp4')];
    const { code, stdout } = await runReelmill(config, ['upload', '--json', ...files]);
    assert.equal(code, 0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const file of files) {
      const states = events.filter((event) => event.event === 'state' && event.file === file);
      assert.deepEqual(
        states.map(({ state }) => state),
        ['fingerprinting', 'uploading', 'completing', 'processing'],
      );
    }
  });

  test('several processes whose access token has ended share one refresh', async () => {
    const config = configOf('shared');
    await logInAs(config, server.url, 'shared');
    const file = path.join(config, 'session.json');
    const session = savedSessionSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    await writeFile(file, JSON.stringify({ ...session, token: 'ended' }));
    const results = await Promise.all([1, 2, 3].map(() => runReelmill(config, ['list'])));
    assert.deepEqual(
      results.map(({ code, stderr }) => [code, stderr]),
      [1, 2, 3].map(() => [0, '']),
    );
    const renewed = savedSessionSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    assert.notEqual(renewed.refreshToken, session.refreshToken);
    assert.equal((await stat(file)).mode & 0o777, 0o600);

    await writeFile(file, JSON.stringify({ ...session, token: 'ended', refreshToken: 'ended too' }));
    const ended = await runReelmill(config, ['list']);
    assert.deepEqual([ended.code, ended.stderr], [3, 'The session has ended. Log in again.\n']);
  });
});

import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { SessionState } from '@reelmill/desktop/contracts/desktop.ts';
import type { SavedSession } from '@reelmill/desktop/engine/api/session.ts';
import { EncryptedSessionStore } from '@reelmill/desktop/main/session/encryptedSessionStore.ts';
import { SessionService } from '@reelmill/desktop/main/session/sessionService.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import jwt from 'jsonwebtoken';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { createTestEncryption } from '../support/desktopServices.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeServer, listen } from '../support/uploadApi.ts';

const logger = createLogger({ level: 'silent', name: 'test' });
const encryption = createTestEncryption('this user');

describe('the session of the app', { timeout: 120_000 }, () => {
  let server: TestServer;
  let api: DocumentedApi;
  let folder: TemporaryFolder;
  let started: SessionService[] = [];
  before(async () => {
    server = await startTestServer();
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());
  beforeEach(async () => {
    folder = await makeTemporaryFolder('session');
  });
  afterEach(async () => {
    for (const service of started) await service.close();
    started = [];
    await folder.remove();
  });

  const sessionFile = (): string => path.join(folder.path, 'session.bin');

  /** One start of the app on the folder of this test. */
  async function start(
    options: { user?: string; staysSignedIn?: () => boolean } = {},
  ): Promise<SessionService> {
    const cipher = options.user === undefined ? encryption : createTestEncryption(options.user);
    const service = new SessionService({
      ...{ folder: folder.path, encryption: cipher, logger },
      ...(options.staysSignedIn === undefined ? {} : { staysSignedIn: options.staysSignedIn }),
    });
    started.push(service);
    await service.start();
    return service;
  }

  function signInAs(service: SessionService, { email, password }: ApiUser, serverUrl = server.url) {
    return service.signIn({ serverUrl, email, password });
  }

  /** Changes what the app has on its disk while it does not run. */
  async function editSession(edit: (session: SavedSession) => SavedSession): Promise<void> {
    const store = new EncryptedSessionStore({ file: sessionFile(), encryption, logger });
    const session = await store.load();
    assert.ok(session);
    await store.begin(edit(session));
  }

  function expiredToken(userId: number): string {
    const claims = { issuer: 'reelmill', audience: 'reelmill-api', subject: String(userId), expiresIn: -1 };
    return jwt.sign({}, server.context.secrets.accessTokens, claims);
  }

  async function readSession(): Promise<SavedSession | null> {
    return new EncryptedSessionStore({ file: sessionFile(), encryption, logger }).load();
  }

  test('signs in, and stores nothing readable on disk', async () => {
    const ann = await api.signUp('ann');
    const service = await start();
    assert.deepEqual(service.state, { status: 'signedOut', serverUrl: null, ended: null });
    assert.throws(() => service.api, { code: 'unauthorized' });
    const told: SessionState[] = [];
    service.subscribe((state) => told.push(state));
    const state = await signInAs(service, ann, ` ${server.url}/ `);
    assert.deepEqual(state, {
      status: 'signedIn',
      serverUrl: server.url,
      userId: ann.userId,
      email: ann.email,
      nickname: 'ann',
      role: 'creator',
      passwordTemporary: false,
    });
    assert.deepEqual(told, [state]);
    assert.deepEqual(service.mediaOrigins, [server.url]);
    const kept = await readFile(sessionFile(), 'latin1');
    const session = await readSession();
    assert.ok(session);
    for (const secret of [session.token, session.refreshToken, ann.email, 'refreshToken']) {
      assert.ok(!kept.includes(secret) && !Buffer.from(kept, 'base64').toString('latin1').includes(secret));
    }
    if (process.platform !== 'win32') assert.equal((await stat(sessionFile())).mode & 0o777, 0o600);
  });

  test('distinguishes a wrong password, a wrong address and a server that is down, and stores nothing', async () => {
    const bea = await api.signUp('bea');
    const stranger = createServer((_request, response) => response.end('<h1>A shop</h1>'));
    const strangerUrl = await listen(stranger);
    try {
      const service = await start();
      const attempts: [string, string, string][] = [
        [server.url, 'a wrong password', 'wrong_credentials'],
        [`http://127.0.0.1:${await findFreePort()}`, bea.password, 'network'],
        [strangerUrl, bea.password, 'not_a_server'],
        ['not an address', bea.password, 'validation_failed'],
      ];
      for (const [serverUrl, password, code] of attempts) {
        await assert.rejects(service.signIn({ serverUrl, email: bea.email, password }), { code }, serverUrl);
        assert.deepEqual(service.state, { status: 'signedOut', serverUrl: null, ended: null });
      }
      await assert.rejects(stat(sessionFile()), { code: 'ENOENT' });
    } finally {
      await closeServer(stranger);
    }
  });

  test('probes an address before signing in', async () => {
    const service = await start();
    const { serverUrl, info } = await service.probe(server.url.replace('http://', ''));
    assert.equal(serverUrl, server.url);
    assert.equal(info.registration, 'open');
  });

  test('registering signs in; a taken address is rejected', async () => {
    const service = await start();
    const account = { nickname: 'Cleo', email: 'cleo@example.org', password: 'password of cleo' };
    const state = await service.register({ serverUrl: server.url, account });
    assert.equal(state.status === 'signedIn' && state.nickname, 'Cleo');
    await service.signOut();
    await assert.rejects(service.register({ serverUrl: server.url, account }), { code: 'email_taken' });
    assert.equal(service.state.status, 'signedOut');
  });

  test('a restart needs no network: the account and the media origins are known', async () => {
    const own = await startTestServer();
    const dora = await (await DocumentedApi.of(own.url)).signUp('dora');
    const first = await start();
    const state = await signInAs(first, dora, own.url);
    await first.close();
    await own.stop();
    const second = await start();
    assert.deepEqual(second.state, state);
    assert.deepEqual(second.mediaOrigins, [own.url]);
    await assert.rejects(
      second.call((client, signal) => client.me(signal)),
      { code: 'network' },
    );
    assert.deepEqual(second.state, state);
  });

  test('refreshes an expired access token and saves the new tokens', async () => {
    const eve = await api.signUp('eve');
    const first = await start();
    await signInAs(first, eve);
    await first.close();
    await editSession((session) => ({ ...session, token: expiredToken(eve.userId) }));
    const before = await readSession();

    const second = await start();
    const calls = [1, 2, 3].map(() => second.call((client, signal) => client.me(signal)));
    for (const user of await Promise.all(calls)) assert.equal(user.user_id, eve.userId);
    assert.equal(second.state.status, 'signedIn');
    await second.close();
    const afterwards = await readSession();
    assert.notEqual(afterwards?.refreshToken, before?.refreshToken);

    const third = await start();
    assert.equal((await third.call((client, signal) => client.me(signal))).user_id, eve.userId);
  });

  test('updates the account from the server in the background', async () => {
    const fay = await api.signUp('fay');
    const first = await start();
    await signInAs(first, fay);
    await first.close();
    await server.context.database.models.User.update({ role: 'admin' }, { where: { id: fay.userId } });
    const second = await start();
    await waitFor(
      'the role is known',
      () => second.state.status === 'signedIn' && second.state.role === 'admin',
    );
    await second.close();
    assert.equal((await readSession())?.role, 'admin');
  });

  test('a password change ends every other session, but not this one and its calls', async () => {
    const ned = await api.signUp('ned');
    const { models } = server.context.database;
    await models.User.update({ passwordTemporary: true }, { where: { id: ned.userId } });
    const service = await start();
    await signInAs(service, ned);
    assert.equal(isTemporary(service), true);
    const wrong = { current: 'not his password', next: 'the next password' };
    await assert.rejects(service.changePassword(wrong), { code: 'wrong_credentials' });
    assert.equal(isTemporary(service), true);

    const change = service.changePassword({ current: ned.password, next: 'the next password' });
    const calls = [1, 2, 3, 4].map(() => service.call((client, signal) => client.me(signal)));
    for (const user of await Promise.all(calls)) assert.equal(user.user_id, ned.userId);
    assert.equal((await change).status, 'signedIn');
    assert.equal(isTemporary(service), false);
    const refresh = { refresh_token: ned.refreshToken };
    assert.equal((await api.call('POST', '/users/refresh', { body: refresh })).status, 401);
    await assert.rejects(api.logIn(ned));
    await api.logIn({ email: ned.email, password: 'the next password' });

    await service.close();
    const again = await start();
    assert.equal((await again.call((client, signal) => client.me(signal))).user_id, ned.userId);
    assert.equal(isTemporary(again), false);
  });

  test('the password is changed with an access token that has expired, too', async () => {
    const ona = await api.signUp('ona');
    const first = await start();
    await signInAs(first, ona);
    await first.close();
    await editSession((session) => ({ ...session, token: expiredToken(ona.userId) }));
    const second = await start();
    await second.changePassword({ current: ona.password, next: 'the next password' });
    assert.equal((await second.call((client, signal) => client.me(signal))).user_id, ona.userId);
  });

  test('signing out removes the session, ends it on the server and keeps the address', async () => {
    const gus = await api.signUp('gus');
    const service = await start();
    await signInAs(service, gus);
    const session = await readSession();
    assert.ok(session);
    const signedOut = { status: 'signedOut', serverUrl: server.url, ended: null };
    assert.deepEqual(await service.signOut(), signedOut);
    assert.deepEqual(service.mediaOrigins, []);
    await assert.rejects(stat(sessionFile()), { code: 'ENOENT' });
    await waitFor('the session is over on the server', async () => {
      const { models } = server.context.database;
      return (await models.RefreshToken.count({ where: { userId: gus.userId, revokedAt: null } })) === 1;
    });
    assert.deepEqual((await start()).state, signedOut);
    // the session of the test's own client is another one
    assert.equal((await gus.call('GET', '/me')).status, 200);
  });

  test('signs out when the server has ended the session, with the reason', async () => {
    const hal = await api.signUp('hal');
    const first = await start();
    await signInAs(first, hal);
    await first.close();
    await editSession((session) => ({ ...session, token: expiredToken(hal.userId) }));
    const { RefreshToken } = server.context.database.models;
    await RefreshToken.update({ revokedAt: new Date() }, { where: { userId: hal.userId } });

    const second = await start();
    const state = await waitFor('the end is noticed', () => endOf(second));
    assert.equal(state.serverUrl, server.url);
    assert.equal(state.ended, 'refresh_token_invalid');
    await waitFor('the file is gone', () =>
      stat(sessionFile()).then(
        () => false,
        () => true,
      ),
    );
    await signInAs(second, hal);
    assert.equal(second.state.status, 'signedIn');
  });

  test('reports a disabled account', async () => {
    const ida = await api.signUp('ida');
    const service = await start();
    await signInAs(service, ida);
    await server.context.database.models.User.update(
      { disabledAt: new Date() },
      { where: { id: ida.userId } },
    );
    const state = await waitFor('the end is noticed', async () => {
      await service.call((client, signal) => client.me(signal)).catch(() => undefined);
      return endOf(service);
    });
    assert.equal(state.ended, 'account_disabled');
  });

  test('ignores a session file that this user did not encrypt', async () => {
    const joe = await api.signUp('joe');
    const first = await start();
    await signInAs(first, joe);
    await first.close();
    const other = await start({ user: 'somebody else' });
    assert.deepEqual(other.state, { status: 'signedOut', serverUrl: server.url, ended: null });
    // the keyring may only have been locked
    assert.equal((await start()).state.status, 'signedIn');
    await writeFile(sessionFile(), 'rubbish');
    assert.equal((await start()).state.status, 'signedOut');
  });

  test('keeps the session in memory where nothing can be encrypted', async () => {
    const kim = await api.signUp('kim');
    const closed = { ...encryption, storage: 'memory' as const };
    const service = new SessionService({ folder: folder.path, encryption: closed, logger });
    started.push(service);
    await service.start();
    await signInAs(service, kim);
    assert.equal((await service.call((client, signal) => client.me(signal))).user_id, kim.userId);
    await assert.rejects(stat(sessionFile()), { code: 'ENOENT' });
  });

  test('removes the session from disk when the user does not want to stay signed in', async () => {
    const mia = await api.signUp('mia');
    let stays = false;
    const service = await start({ staysSignedIn: () => stays });
    await signInAs(service, mia);
    await assert.rejects(stat(sessionFile()), { code: 'ENOENT' });
    assert.equal((await start()).state.status, 'signedOut');

    stays = true;
    await service.applyStaySignedIn();
    if (process.platform !== 'win32') assert.equal((await stat(sessionFile())).mode & 0o777, 0o600);
    assert.equal((await start()).state.status, 'signedIn');

    stays = false;
    await service.applyStaySignedIn();
    await assert.rejects(stat(sessionFile()), { code: 'ENOENT' });
    // the tokens that a refresh brings later are not written either
    await service.changePassword({ current: mia.password, next: 'another good password' });
    await assert.rejects(stat(sessionFile()), { code: 'ENOENT' });
    assert.equal((await service.call((client, signal) => client.me(signal))).user_id, mia.userId);
  });

  test('a late response does not restore a session', async () => {
    const lou = await api.signUp('lou');
    const service = await start();
    await signInAs(service, lou);
    const store = new EncryptedSessionStore({ file: sessionFile(), encryption, logger });
    const session = await store.load();
    assert.ok(session);
    await store.remove();
    // as a refresh does that was under way
    await store.save({ ...session, token: 'new' });
    assert.equal(await store.load(), null);
    await store.begin({ ...session, userId: 999 });
    await store.save(session);
    assert.equal((await store.load())?.userId, 999);
  });

  test('rejects a second sign-in', async () => {
    const mira = await api.signUp('mira');
    const service = await start();
    await signInAs(service, mira);
    await assert.rejects(signInAs(service, mira), { code: 'state_conflict' });
  });
});

function isTemporary({ state }: SessionService): boolean | null {
  return state.status === 'signedIn' ? state.passwordTemporary : null;
}

/** How the session ended, or null while there is one. */
function endOf({ state }: SessionService): Extract<SessionState, { status: 'signedOut' }> | null {
  return state.status === 'signedOut' ? state : null;
}

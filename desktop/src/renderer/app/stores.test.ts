import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { DEFAULT_APP_SETTINGS, type Settings } from '../../contracts/desktop.ts';
import type { IpcBridge, IpcCall, IpcEvent, IpcPayload, IpcReply } from '../../contracts/ipc.ts';
import { connectSession, createSessionStore, signIn, signOut } from '../account/sessionStore.ts';
import {
  connectNavigation,
  createNavigationStore,
  openVideo,
  openView,
} from '../navigation/navigationStore.ts';
import { checkForUpdate, connectAppInfo, createAppInfoStore } from '../settings/appInfoStore.ts';
import {
  connectSettings,
  createSettingsStore,
  pickWatchFolder,
  updateSettings,
} from '../settings/settingsStore.ts';

/** The main process as the stores see it: replies that a test gives, and events that it sends. */
class FakeMain implements IpcBridge {
  readonly calls: Array<{ name: IpcCall; args: unknown; reply: (reply: IpcReply) => void }> = [];
  readonly #replies = new Map<IpcCall, unknown>();
  readonly #listeners = new Map<IpcEvent, Set<(payload: unknown) => void>>();

  /** What a call is replied to with at once; other calls wait for the test. */
  reply(name: IpcCall, value: unknown): void {
    this.#replies.set(name, value);
  }

  call(name: IpcCall, args: unknown): Promise<IpcReply> {
    const { promise, resolve } = Promise.withResolvers<IpcReply>();
    this.calls.push({ name, args, reply: resolve });
    if (this.#replies.has(name)) resolve({ ok: true, value: this.#replies.get(name) });
    return promise;
  }

  on(event: IpcEvent, listener: (payload: unknown) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  send<Event extends IpcEvent>(event: Event, payload: IpcPayload<Event>): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload);
  }

  listening(event: IpcEvent): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  pathOf(): string {
    return '';
  }
}

const SIGNED_IN = {
  status: 'signedIn',
  serverUrl: 'https://reelmill.example.com',
  userId: 7,
  email: 'ada@example.com',
  nickname: 'Ada',
  role: 'creator',
  passwordTemporary: false,
} as const;
const FAILURE: IpcReply = { ok: false, error: { code: 'internal', message: 'The disk is full.' } };

let main: FakeMain;
beforeEach(() => {
  main = new FakeMain();
  // the only part of a window that the stores use
  globalThis.window = { reelmill: main } as unknown as Window & typeof globalThis;
});

function settingsWith(patch: Partial<Settings>): Settings {
  return { ...DEFAULT_APP_SETTINGS, ...patch };
}

describe('settings', () => {
  async function connected() {
    const store = createSettingsStore();
    main.reply('settings.get', settingsWith({ fileConcurrency: 3 }));
    const stop = await connectSettings(store);
    return { store, stop, shown: () => store.getState().settings };
  }

  test('are loaded once and followed until that ends', async () => {
    const { stop, shown } = await connected();
    assert.equal(shown().fileConcurrency, 3);
    main.send('settings.changed', settingsWith({ fileConcurrency: 5 }));
    assert.equal(shown().fileConcurrency, 5);
    stop();
    main.send('settings.changed', settingsWith({ fileConcurrency: 1 }));
    assert.equal(shown().fileConcurrency, 5);
  });

  test('shows a change before it is saved, whatever events arrive meanwhile', async () => {
    const { store, shown } = await connected();
    const first = updateSettings({ fileConcurrency: 4 }, store);
    const second = updateSettings({ theme: 'dark' }, store);
    assert.deepEqual([shown().fileConcurrency, shown().theme], [4, 'dark']);
    main.send('settings.changed', settingsWith({ fileConcurrency: 4 }));
    assert.equal(shown().theme, 'dark');
    main.calls[1]?.reply({ ok: true, value: settingsWith({ fileConcurrency: 4 }) });
    await first;
    assert.equal(shown().theme, 'dark');
    main.calls[2]?.reply({ ok: true, value: settingsWith({ fileConcurrency: 4, theme: 'dark' }) });
    await second;
    assert.deepEqual(store.getState().unsaved, []);
    assert.deepEqual([shown().fileConcurrency, shown().theme], [4, 'dark']);
  });

  test('reverts only the change that cannot be saved', async () => {
    const { store, shown } = await connected();
    const refused = updateSettings({ fileConcurrency: 8 }, store);
    const taken = updateSettings({ notifications: false }, store);
    main.calls[1]?.reply(FAILURE);
    await assert.rejects(refused, new ReelmillError('internal', 'The disk is full.'));
    assert.deepEqual([shown().fileConcurrency, shown().notifications], [3, false]);
    main.calls[2]?.reply({ ok: true, value: settingsWith({ fileConcurrency: 3, notifications: false }) });
    await taken;
    assert.equal(shown().notifications, false);
  });

  test('the chosen watch folder is shown', async () => {
    const { store, shown } = await connected();
    main.reply('settings.pickWatchFolder', settingsWith({ watchFolder: { enabled: true, path: '/films' } }));
    await pickWatchFolder(store);
    assert.deepEqual(shown().watchFolder, { enabled: true, path: '/films' });
  });

  test('that cannot be read leave no listener', async () => {
    const connecting = connectSettings(createSettingsStore());
    main.calls[0]?.reply(FAILURE);
    await assert.rejects(connecting);
    assert.equal(main.listening('settings.changed'), 0);
  });
});

describe('the session', () => {
  test('is loaded, and follows the main process', async () => {
    const store = createSessionStore();
    main.reply('session.get', SIGNED_IN);
    const stop = await connectSession(store);
    assert.deepEqual(store.getState().session, SIGNED_IN);
    const ended = {
      status: 'signedOut',
      serverUrl: SIGNED_IN.serverUrl,
      ended: 'refresh_token_reused',
    } as const;
    main.send('session.changed', ended);
    assert.deepEqual(store.getState().session, ended);
    stop();
    assert.equal(main.listening('session.changed'), 0);
  });

  test('begins with signing in and ends with signing out', async () => {
    const store = createSessionStore();
    main.reply('session.signIn', SIGNED_IN);
    const credentials = { serverUrl: SIGNED_IN.serverUrl, email: SIGNED_IN.email, password: 'correct horse' };
    await signIn(credentials, store);
    assert.deepEqual(main.calls[0]?.args, credentials);
    assert.equal(store.getState().session.status, 'signedIn');
    main.reply('session.signOut', { status: 'signedOut', serverUrl: SIGNED_IN.serverUrl, ended: null });
    await signOut(store);
    assert.equal(store.getState().session.status, 'signedOut');
  });

  test('does not begin with wrong credentials; keeps Retry-After', async () => {
    const store = createSessionStore();
    const trying = signIn({ serverUrl: 'x.example', email: 'a@b.example', password: 'y' }, store);
    const error = { code: 'rate_limited', message: 'Too many.', retryAfterSeconds: 30 } as const;
    main.calls[0]?.reply({ ok: false, error });
    await assert.rejects(trying, { code: 'rate_limited', retryAfterSeconds: 30 });
    assert.equal(store.getState().session.status, 'signedOut');
  });
});

describe('the app and its updates', () => {
  test('are loaded and followed', async () => {
    const store = createAppInfoStore();
    main.reply('app.info', { version: '1.2.3', platform: 'linux', language: 'zh-CN' });
    main.reply('updates.get', { status: 'idle', version: null, message: null });
    const stop = await connectAppInfo(store);
    assert.equal(store.getState().info.version, '1.2.3');
    main.send('updates.changed', { status: 'ready', version: '1.3.0', message: null });
    assert.equal(store.getState().update.status, 'ready');
    stop();
    main.send('updates.changed', { status: 'idle', version: null, message: null });
    assert.equal(store.getState().update.status, 'ready');
  });

  test('shows a check that was requested', async () => {
    const store = createAppInfoStore();
    main.reply('updates.check', { status: 'checking', version: null, message: null });
    await checkForUpdate(store);
    assert.equal(store.getState().update.status, 'checking');
  });
});

describe('navigation', () => {
  test('opens views in their initial state and videos in the library', () => {
    const store = createNavigationStore();
    openVideo(12, store);
    assert.deepEqual(store.getState(), { view: 'library', videoId: 12 });
    openView('settings', store);
    openView('library', store);
    assert.deepEqual(store.getState(), { view: 'library', videoId: null });
  });

  test('navigates on events of the main process', () => {
    const store = createNavigationStore();
    const stop = connectNavigation(store);
    main.send('app.navigate', { view: 'library', videoId: 5 });
    assert.deepEqual(store.getState(), { view: 'library', videoId: 5 });
    main.send('app.navigate', { view: 'farm', videoId: 5 });
    assert.deepEqual(store.getState(), { view: 'farm', videoId: null });
    stop();
    main.send('app.navigate', { view: 'queue', videoId: null });
    assert.equal(store.getState().view, 'farm');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_APP_SETTINGS, type Settings, type SettingsPatch } from '../../contracts/desktop.ts';
import { IPC_CALLS } from '../../contracts/ipc.ts';
import { createHandlers, type Services, type SystemActions } from './handlers.ts';

/** Only what a test names is there; using anything else fails. */
function handlersOf(services: object, system: object = {}) {
  return createHandlers(services as Services, system as SystemActions);
}

function settingsOf(current: Partial<Settings>) {
  const patches: SettingsPatch[] = [];
  const kept: Settings = { ...DEFAULT_APP_SETTINGS, ...current };
  const set = async (patch: SettingsPatch): Promise<Settings> => {
    patches.push(patch);
    return { ...kept, ...patch } as Settings;
  };
  return { settings: { current: kept, set }, patches };
}

test('has a handler for every call of the contract and no others', () => {
  assert.deepEqual(Object.keys(handlersOf({})).sort(), Object.keys(IPC_CALLS).sort());
});

test("keeps the watch folder's switch when a folder is chosen; a canceled dialog changes nothing", async () => {
  const { settings, patches } = settingsOf({ watchFolder: { enabled: true, path: '/old' } });
  const results = ['/films', null];
  const asked: (string | null)[] = [];
  const chooseWatchFolder = async (current: string | null): Promise<string | null> => {
    asked.push(current);
    return results.shift() ?? null;
  };
  const handlers = handlersOf({ settings }, { chooseWatchFolder });
  const chosen = await handlers['settings.pickWatchFolder'](undefined);
  assert.deepEqual(chosen.watchFolder, { enabled: true, path: '/films' });
  assert.equal(await handlers['settings.pickWatchFolder'](undefined), settings.current);
  assert.deepEqual(patches, [{ watchFolder: { enabled: true, path: '/films' } }]);
  assert.deepEqual(asked, ['/old', '/old']);
});

test('shows a file at the path of its upload, and returns nothing', async () => {
  const shown: string[] = [];
  const handlers = handlersOf(
    { queue: { pathOf: async (id: string) => `/films/${id}.mp4` } },
    { showInFolder: (path: string) => shown.push(path) },
  );
  assert.equal(await handlers['queue.showInFolder']({ id: '7' }), undefined);
  assert.deepEqual(shown, ['/films/7.mp4']);
});

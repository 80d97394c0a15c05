import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MenuItemConstructorOptions } from 'electron';
import { translate } from '../i18n/translate.ts';
import { type MenuState, menuTemplate } from './menuTemplate.ts';

const t = translate('en');

function build(own: Partial<MenuState> = {}) {
  const done: string[] = [];
  const state: MenuState = { platform: 'linux', signedIn: true, admin: false, developerTools: false, ...own };
  const actions = {
    addFiles: () => void done.push('files'),
    addFolder: () => void done.push('folder'),
    navigate: (view: string) => void done.push(view),
    quit: () => void done.push('quit'),
  };
  const menus = menuTemplate(state, actions, t);
  const items = menus.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
  const press = (accelerator: string): void => {
    const found = items.filter((item) => item.accelerator === accelerator);
    assert.equal(found.length, 1, accelerator);
    // the items of this menu ignore what they are clicked in
    (found[0]?.click as (() => void) | undefined)?.();
  };
  return { menus, items, done, press };
}

function labels(menus: readonly MenuItemConstructorOptions[]): (string | undefined)[] {
  return menus.map(({ label }) => label);
}

test('runs the actions of the menu items', () => {
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const { done, press } = build({ platform, admin: true });
    for (const key of ['O', 'Shift+O', '1', '2', '3', '4', ',', 'Q']) press(`CmdOrCtrl+${key}`);
    const expected = ['files', 'folder', 'queue', 'library', 'farm', 'settings', 'settings', 'quit'];
    assert.deepEqual(done, expected, platform);
  }
});

test('the farm is for admins', () => {
  const without = build({ admin: false }).items;
  assert.ok(!labels(without).includes('Farm'));
  assert.ok(!without.some((item) => item.accelerator === 'CmdOrCtrl+3'));
});

test('only offers to quit while signed out', () => {
  const { items } = build({ signedIn: false, admin: false });
  const own = items.filter((item) => item.click !== undefined);
  const enabled = own.filter((item) => item.enabled !== false);
  assert.deepEqual(labels(enabled), ['Quit Reelmill']);
});

test('has the app menu on macOS only', () => {
  const mac = labels(build({ platform: 'darwin' }).menus);
  assert.deepEqual(mac, ['Reelmill', 'File', 'Edit', 'View', 'Window']);
  assert.deepEqual(labels(build({ platform: 'win32' }).menus), ['File', 'Edit', 'View', 'Window']);
});

test('has developer tools only where they are enabled', () => {
  const has = (items: readonly MenuItemConstructorOptions[]): boolean =>
    items.some((item) => item.role === 'toggleDevTools');
  assert.equal(has(build({ developerTools: true }).items), true);
  assert.equal(has(build().items), false);
});

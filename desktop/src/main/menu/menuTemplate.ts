import type { MenuItemConstructorOptions } from 'electron';
import type { View } from '../../contracts/desktop.ts';
import type { Translate } from '../i18n/translate.ts';

export interface MenuActions {
  addFiles(): void;
  addFolder(): void;
  navigate(view: View): void;
  quit(): void;
}

export interface MenuState {
  platform: NodeJS.Platform;
  /** Adding files and opening views requires it. */
  signedIn: boolean;
  /** Whether the farm view is available. */
  admin: boolean;
  developerTools: boolean;
}

type Item = MenuItemConstructorOptions;
const LINE: Item = { type: 'separator' };

/** Returns the menu of the app: the same on all systems, except for where macOS has some items. */
export function menuTemplate(state: MenuState, actions: MenuActions, t: Translate): Item[] {
  const mac = state.platform === 'darwin';
  const ownItems = [fileMenu(state, actions, t), editMenu(t), viewMenu(state, actions, t)];
  return mac
    ? [appMenu(state, actions, t), ...ownItems, windowMenu(t, mac)]
    : [...ownItems, windowMenu(t, mac)];
}

function appMenu(state: MenuState, actions: MenuActions, t: Translate): Item {
  const submenu: Item[] = [
    { role: 'about', label: t('menu.about') },
    LINE,
    settingsItem(state, actions, t),
    LINE,
    { role: 'services', label: t('menu.services') },
    LINE,
    { role: 'hide', label: t('menu.hide') },
    { role: 'hideOthers', label: t('menu.hideOthers') },
    { role: 'unhide', label: t('menu.showAll') },
    LINE,
    quitItem(actions, t),
  ];
  return { label: 'Reelmill', submenu };
}

function fileMenu(state: MenuState, actions: MenuActions, t: Translate): Item {
  const { signedIn, platform } = state;
  const adding: Item[] = [
    {
      label: t('menu.addFiles'),
      accelerator: 'CmdOrCtrl+O',
      enabled: signedIn,
      click: () => actions.addFiles(),
    },
    {
      label: t('menu.addFolder'),
      accelerator: 'CmdOrCtrl+Shift+O',
      enabled: signedIn,
      click: () => actions.addFolder(),
    },
  ];
  const elsewhere = [LINE, settingsItem(state, actions, t), LINE, quitItem(actions, t)];
  return { label: t('menu.file'), submenu: platform === 'darwin' ? adding : [...adding, ...elsewhere] };
}

function settingsItem({ signedIn }: MenuState, actions: MenuActions, t: Translate): Item {
  return {
    label: t('menu.settings'),
    accelerator: 'CmdOrCtrl+,',
    enabled: signedIn,
    click: () => actions.navigate('settings'),
  };
}

function quitItem(actions: MenuActions, t: Translate): Item {
  return { label: t('menu.quit'), accelerator: 'CmdOrCtrl+Q', click: () => actions.quit() };
}

function editMenu(t: Translate): Item {
  const submenu: Item[] = [
    { role: 'undo', label: t('menu.undo') },
    { role: 'redo', label: t('menu.redo') },
    LINE,
    { role: 'cut', label: t('menu.cut') },
    { role: 'copy', label: t('menu.copy') },
    { role: 'paste', label: t('menu.paste') },
    { role: 'selectAll', label: t('menu.selectAll') },
  ];
  return { label: t('menu.edit'), submenu };
}

function viewMenu(state: MenuState, actions: MenuActions, t: Translate): Item {
  const { signedIn, admin, developerTools } = state;
  const views = [
    { view: 'queue', label: t('menu.queue'), number: 1, visible: true },
    { view: 'library', label: t('menu.library'), number: 2, visible: true },
    { view: 'farm', label: t('menu.farm'), number: 3, visible: admin },
    { view: 'settings', label: t('menu.settings').replace('…', ''), number: 4, visible: true },
  ] as const;
  const going = views
    .filter(({ visible }) => visible)
    .map(
      ({ view, label, number }): Item => ({
        label,
        accelerator: `CmdOrCtrl+${number}`,
        enabled: signedIn,
        click: () => actions.navigate(view),
      }),
    );
  const looking: Item[] = [
    { role: 'zoomIn', label: t('menu.zoomIn') },
    { role: 'zoomOut', label: t('menu.zoomOut') },
    { role: 'resetZoom', label: t('menu.actualSize') },
    { role: 'togglefullscreen', label: t('menu.fullScreen') },
  ];
  const developing: Item[] = [LINE, { role: 'toggleDevTools', label: t('menu.developerTools') }];
  return {
    label: t('menu.view'),
    submenu: [...going, LINE, ...looking, ...(developerTools ? developing : [])],
  };
}

function windowMenu(t: Translate, mac: boolean): Item {
  const submenu: Item[] = [
    { role: 'minimize', label: t('menu.minimize') },
    { role: 'close', label: t('menu.close'), accelerator: 'CmdOrCtrl+W' },
  ];
  const front: Item[] = [LINE, { role: 'front', label: t('menu.bringAllToFront') }];
  return { label: t('menu.window'), submenu: mac ? [...submenu, ...front] : submenu };
}

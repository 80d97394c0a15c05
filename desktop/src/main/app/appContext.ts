import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { app, nativeTheme } from 'electron';
import type { Language } from '../../contracts/desktop.ts';
import { chooseLanguage, type Translate, translate } from '../i18n/translate.ts';
import type { Services } from '../ipc/handlers.ts';
import type { AppPaths } from '../lifecycle/appPaths.ts';
import { setOpenAtLogin } from '../lifecycle/loginItem.ts';
import { SettingsStore } from '../settings/settingsStore.ts';
import { findWindowIcon } from '../tray/icons.ts';
import { findUpdateSource } from '../updates/electronUpdates.ts';
import { UpdateService } from '../updates/updateService.ts';
import { FileDialogs } from '../window/fileDialogs.ts';
import { MainWindow } from '../window/mainWindow.ts';
import { openServices } from './services.ts';

/** What all parts of the running app share. */
export interface AppContext {
  paths: AppPaths;
  services: Services;
  updates: UpdateService;
  /** Not opened yet. */
  window: MainWindow;
  dialogs: FileDialogs;
  /** Closes everything that was opened. */
  cleanupStack: CleanupStack;
  language(): Language;
  translate(): Translate;
  developerTools: boolean;
  logger: Logger;
}

/** Opens everything except the window. Call it once the app is ready. */
export async function openContext(paths: AppPaths, logger: Logger): Promise<AppContext> {
  const cleanupStack = new CleanupStack();
  const [settings, updateSource] = await Promise.all([
    SettingsStore.open(paths.settingsFile),
    findUpdateSource(logger),
  ]);
  followSettings(settings, logger);
  const language = (): Language => chooseLanguage(settings.current.language, systemLanguages());
  const texts = (): Translate => translate(language());
  const developerTools = !app.isPackaged;
  const window = new MainWindow({
    preloadFile: paths.preloadFile,
    placementFile: paths.placementFile,
    iconFile: findWindowIcon(paths.resources, process.platform),
    developerTools,
    translate: texts,
    logger,
  });
  const dialogs = new FileDialogs(() => window.browserWindow, texts);
  const services = await openServices({ paths, settings, dialogs, cleanupStack, logger });
  const updates = new UpdateService(updateSource, logger);
  cleanupStack.add('updates', () => updates.close());
  cleanupStack.add('window', () => window.flush());
  return {
    ...{ paths, services, updates, window, dialogs, cleanupStack },
    ...{ language, translate: texts, developerTools, logger },
  };
}

function systemLanguages(): string[] {
  return [...app.getPreferredSystemLanguages(), app.getLocale()];
}

/** Applies the settings that the operating system implements: theme and opening at login. */
function followSettings(settings: SettingsStore, logger: Logger): void {
  let { openAtLogin } = settings.current;
  const applyOpenAtLogin = (): void => {
    setOpenAtLogin(openAtLogin).catch((error: unknown) => {
      logger.error({ err: error }, 'open at login not changed');
    });
  };
  nativeTheme.themeSource = settings.current.theme;
  // an update may have given an AppImage another name
  if (openAtLogin && process.platform === 'linux') applyOpenAtLogin();
  settings.subscribe((current) => {
    nativeTheme.themeSource = current.theme;
    if (current.openAtLogin === openAtLogin) return;
    openAtLogin = current.openAtLogin;
    applyOpenAtLogin();
  });
}

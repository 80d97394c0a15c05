import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { BrowserWindow, dialog, nativeTheme, screen, type WebContents } from 'electron';
import type { Translate } from '../i18n/translate.ts';
import { offerTextMenu } from './contextMenu.ts';
import { CrashLimit } from './crashLimit.ts';
import { APP_URL } from './pageRequests.ts';
import { MINIMUM_SIZE, placeWindow } from './placement.ts';
import { readPlacement, WindowStateStore } from './windowStateStore.ts';

/** What is seen until the page has drawn itself; the colours of the page's own background. */
const BACKGROUND = { light: '#faf9f7', dark: '#191a1d' };
/** Some Linux desktops never say that a hidden window is ready. */
const SHOW_AT_LATEST_MS = 4_000;

export interface MainWindowOptions {
  preloadFile: string;
  placementFile: string;
  iconFile: string | null;
  developerTools: boolean;
  translate(): Translate;
  logger: Logger;
}

/** The one window of the app. It is hidden rather than closed, so that it comes back at once. */
export class MainWindow {
  readonly #options: MainWindowOptions;
  readonly #crashes = new CrashLimit({ most: 3, withinMs: 60_000 });
  #window: BrowserWindow | null = null;
  #placement: WindowStateStore | null = null;

  constructor(options: MainWindowOptions) {
    this.#options = options;
  }

  /** Null before the window was opened, and at the very end. */
  get browserWindow(): BrowserWindow | null {
    return this.#window?.isDestroyed() === false ? this.#window : null;
  }

  get contents(): WebContents | null {
    return this.browserWindow?.webContents ?? null;
  }

  get isVisible(): boolean {
    return this.browserWindow?.isVisible() === true;
  }

  /**
   * Opens the window and loads the page. `hidden` keeps it out of sight until somebody asks for it; `mayClose` is
   * asked when the window is to be closed, and where it says no decides itself what happens instead.
   */
  async open({ hidden, mayClose }: { hidden: boolean; mayClose: () => boolean }): Promise<void> {
    const { preloadFile, placementFile, iconFile, developerTools, logger } = this.#options;
    const screens = screen.getAllDisplays().map((display) => display.workArea);
    const { maximized, ...place } = placeWindow(await readPlacement(placementFile), screens);
    const window = new BrowserWindow({
      ...place,
      minWidth: MINIMUM_SIZE.width,
      minHeight: MINIMUM_SIZE.height,
      title: 'Reelmill',
      show: false,
      backgroundColor: backgroundColor(),
      autoHideMenuBar: true,
      ...(iconFile === null ? {} : { icon: iconFile }),
      webPreferences: {
        preload: preloadFile,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
        spellcheck: false,
        devTools: developerTools,
      },
    });
    this.#window = window;
    this.#placement = new WindowStateStore(window, placementFile, (error) => {
      logger.warn({ err: error }, 'the place of the window could not be kept');
    });
    if (!hidden) showWhenReady(window, maximized);
    else if (maximized) window.once('show', () => window.maximize());
    this.#watch(window, mayClose);
    window.loadURL(APP_URL).catch((error: unknown) => {
      logger.error({ err: error }, 'the page could not be loaded');
    });
  }

  /** Brings the window before everything else. */
  show(): void {
    const window = this.browserWindow;
    if (window === null) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  hide(): void {
    const window = this.browserWindow;
    // macOS would leave an empty screen behind
    if (window?.isFullScreen() && process.platform === 'darwin') {
      window.once('leave-full-screen', () => window.hide());
      window.setFullScreen(false);
    } else window?.hide();
  }

  /** Loads the page anew, with the policy that fits the session of now. */
  reload(): void {
    this.contents?.reload();
  }

  /** Writes what is to be remembered; the window stays. */
  async flush(): Promise<void> {
    await this.#placement?.flush();
  }

  /** On the taskbar or the dock: a part from 0 to 1, or null for nothing. */
  setProgress(part: number | null): void {
    this.browserWindow?.setProgressBar(part ?? -1);
  }

  #watch(window: BrowserWindow, mayClose: () => boolean): void {
    const { logger, translate } = this.#options;
    window.on('close', (event) => {
      if (!mayClose()) event.preventDefault();
    });
    const followTheme = (): void => window.setBackgroundColor(backgroundColor());
    nativeTheme.on('updated', followTheme);
    window.once('closed', () => nativeTheme.off('updated', followTheme));
    offerTextMenu(window.webContents, translate);
    window.webContents.on('render-process-gone', (_, { reason, exitCode }) => {
      if (reason === 'clean-exit') return;
      logger.error({ reason, exitCode }, 'the page crashed');
      void this.#recover();
    });
    window.webContents.on('preload-error', (_, __, error) => {
      logger.error({ err: error }, 'the preload script failed');
    });
  }

  /** The page's process died; the uploads are not in it. */
  async #recover(): Promise<void> {
    if (this.#crashes.exceeded(Date.now())) {
      const t = this.#options.translate();
      await dialog.showMessageBox({
        type: 'error',
        message: t('crash.window'),
        detail: t('crash.windowDetail'),
        buttons: [t('crash.reopen')],
      });
    }
    this.reload();
  }
}

function backgroundColor(): string {
  return nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light;
}

function showWhenReady(window: BrowserWindow, maximized: boolean): void {
  const show = (): void => {
    clearTimeout(timer);
    if (window.isDestroyed() || window.isVisible()) return;
    if (maximized) window.maximize();
    window.show();
  };
  const timer = setTimeout(show, SHOW_AT_LATEST_MS);
  window.once('ready-to-show', show);
}

import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { BrowserWindow, dialog, nativeTheme, screen, type WebContents } from 'electron';
import type { Translate } from '../i18n/translate.ts';
import { offerTextMenu } from './contextMenu.ts';
import { CrashLimit } from './crashLimit.ts';
import { APP_URL } from './pageRequests.ts';
import { MINIMUM_SIZE, placeWindow } from './placement.ts';
import { readPlacement, WindowStateStore } from './windowStateStore.ts';

/** Shown until the page has rendered: the colours of the page's background. */
const BACKGROUND = { light: '#faf9f7', dark: '#191a1d' };
/** Some Linux desktops never report that a hidden window is ready. */
const SHOW_AT_LATEST_MS = 4_000;

export interface MainWindowOptions {
  preloadFile: string;
  placementFile: string;
  iconFile: string | null;
  developerTools: boolean;
  translate(): Translate;
  logger: Logger;
}

/** The only window of the app. It is hidden rather than closed, so that it reopens at once. */
export class MainWindow {
  readonly #options: MainWindowOptions;
  readonly #crashes = new CrashLimit({ max: 3, withinMs: 60_000 });
  #window: BrowserWindow | null = null;
  #placement: WindowStateStore | null = null;

  constructor(options: MainWindowOptions) {
    this.#options = options;
  }

  /** Null before the window was opened and after it was destroyed. */
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
   * Opens the window and loads the page. With `hidden` it stays invisible until `show`. `mayClose` is called when the
   * window is about to close; where it returns false, it handles that itself.
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
      logger.warn({ err: error }, 'window state not saved');
    });
    if (!hidden) showWhenReady(window, maximized);
    else if (maximized) window.once('show', () => window.maximize());
    this.#watch(window, mayClose);
    window.loadURL(APP_URL).catch((error: unknown) => {
      logger.error({ err: error }, 'page not loaded');
    });
  }

  /** Brings the window to the front. */
  show(): void {
    const window = this.browserWindow;
    if (window === null) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  hide(): void {
    const window = this.browserWindow;
    // macOS would leave an empty full screen behind
    if (window?.isFullScreen() && process.platform === 'darwin') {
      window.once('leave-full-screen', () => window.hide());
      window.setFullScreen(false);
    } else window?.hide();
  }

  /** Reloads the page, with the security policy for the present session. */
  reload(): void {
    this.contents?.reload();
  }

  /** Saves the state of the window. */
  async flush(): Promise<void> {
    await this.#placement?.flush();
  }

  /** Shows progress from 0 to 1 on the taskbar or the Dock; null removes it. */
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
      logger.error({ reason, exitCode }, 'page crashed');
      void this.#recover();
    });
    window.webContents.on('preload-error', (_, __, error) => {
      logger.error({ err: error }, 'preload script failed');
    });
  }

  /** Reloads the page after its process crashed; the uploads do not run in it. */
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

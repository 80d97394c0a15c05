import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { BrowserWindow, dialog, nativeTheme, screen, type WebContents } from 'electron';
import type { Translate } from '../i18n.ts';
import { CrashLimit } from './crashLimit.ts';
import { APP_URL } from './pageRequests.ts';
import { MINIMUM_SIZE, type Placement, placeWindow } from './placement.ts';
import { rememberPlacement } from './placementFile.ts';

/** What is seen until the page has drawn itself; the colours of the page's own background. */
const BACKGROUND = { light: '#faf9f7', dark: '#191a1d' };
/** Some Linux desktops never say that a hidden window is ready. */
const SHOW_AT_LATEST_MS = 4_000;

export interface MainWindowOptions {
  preloadFile: string;
  placementFile: string;
  placement: Placement | null;
  iconFile: string | null;
  /** Whether it stays hidden until somebody asks for it. */
  hidden: boolean;
  developerTools: boolean;
  logger: Logger;
  translate(): Translate;
  /** Answers whether the window may close now. Where it may not, this decides what happens instead. */
  mayClose(): boolean;
}

/** The one window of the app. It is hidden rather than closed, so that it comes back at once. */
export class MainWindow {
  readonly #options: MainWindowOptions;
  readonly #window: BrowserWindow;
  readonly #crashes = new CrashLimit({ most: 3, withinMs: 60_000 });

  constructor(options: MainWindowOptions) {
    this.#options = options;
    const { maximized, ...place } = placeWindow(
      options.placement,
      screen.getAllDisplays().map((display) => display.workArea),
    );
    this.#window = new BrowserWindow({
      ...place,
      minWidth: MINIMUM_SIZE.width,
      minHeight: MINIMUM_SIZE.height,
      title: 'Reelmill',
      show: false,
      backgroundColor: backgroundColor(),
      autoHideMenuBar: true,
      ...(options.iconFile === null ? {} : { icon: options.iconFile }),
      webPreferences: {
        preload: options.preloadFile,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
        spellcheck: false,
        devTools: options.developerTools,
      },
    });
    this.#watch(maximized);
  }

  /** Null once the window is gone, at the very end. */
  get contents(): WebContents | null {
    return this.#window.isDestroyed() ? null : this.#window.webContents;
  }

  get browserWindow(): BrowserWindow | null {
    return this.#window.isDestroyed() ? null : this.#window;
  }

  get isVisible(): boolean {
    return !this.#window.isDestroyed() && this.#window.isVisible();
  }

  load(): void {
    this.#window.loadURL(APP_URL).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'the page could not be loaded');
    });
  }

  /** Brings the window before everything else. */
  show(): void {
    if (this.#window.isDestroyed()) return;
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  hide(): void {
    if (!this.#window.isDestroyed()) this.#window.hide();
  }

  /** Loads the page anew, with the policy that fits the session of now. */
  reload(): void {
    if (!this.#window.isDestroyed()) this.#window.webContents.reload();
  }

  /** On the taskbar or the dock: a part from 0 to 1, or null for nothing. */
  setProgress(part: number | null, paused = false): void {
    if (this.#window.isDestroyed()) return;
    this.#window.setProgressBar(part ?? -1, { mode: paused ? 'paused' : 'normal' });
  }

  #watch(maximized: boolean): void {
    const { logger, placementFile, hidden, mayClose } = this.#options;
    const window = this.#window;
    if (!hidden) showWhenReady(window, maximized);
    else if (maximized) window.once('show', () => window.maximize());
    rememberPlacement(window, placementFile, (error) => {
      logger.warn({ err: error }, 'the place of the window could not be kept');
    });
    window.on('close', (event) => {
      if (!mayClose()) event.preventDefault();
    });
    const followTheme = (): void => window.setBackgroundColor(backgroundColor());
    nativeTheme.on('updated', followTheme);
    window.once('closed', () => nativeTheme.off('updated', followTheme));
    window.webContents.on('render-process-gone', (_, { reason, exitCode }) => {
      if (reason !== 'clean-exit') void this.#recover(reason, exitCode);
    });
    window.webContents.on('preload-error', (_, __, error) => {
      logger.error({ err: error }, 'the preload script failed');
    });
  }

  /** The page's process died; the uploads are not in it. */
  async #recover(reason: string, exitCode: number): Promise<void> {
    const { logger, translate } = this.#options;
    logger.error({ reason, exitCode }, 'the page crashed');
    if (this.#crashes.exceeded(Date.now())) {
      const t = translate();
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

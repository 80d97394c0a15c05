import { app, type BrowserWindow, dialog, type MessageBoxOptions } from 'electron';
import { Background } from '../lifecycle/background.ts';
import { QuitController } from '../lifecycle/quitController.ts';
import { isTrayShown } from '../tray/trayHost.ts';
import type { AppContext } from './appContext.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Routes every way to end the app through one controller. Call it once the app is ready, after Electron's own handlers. */
export function registerShutdown(context: AppContext): QuitController {
  const { services, window, cleanupStack, logger } = context;
  const quitController = new QuitController({
    uploadsRunning: () => services.queue.totals.active > 0,
    confirm: () => confirmQuit(context),
    close: () => {
      window.hide();
      return cleanupStack.release();
    },
    exit: (code) => (code === 0 ? app.quit() : app.exit(code)),
    logger,
  });
  app.on('before-quit', (event) => {
    if (quitController.isClosed) return;
    event.preventDefault();
    void quitController.request({ ask: true });
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      logger.info({ signal }, 'signal received');
      void quitController.request({ ask: false });
    });
  }
  return quitController;
}

async function confirmQuit({ window, translate }: AppContext): Promise<boolean> {
  const t = translate();
  const options: MessageBoxOptions = {
    type: 'question',
    message: t('quit.title'),
    detail: t('quit.detail'),
    buttons: [t('quit.confirm'), t('quit.keepRunning')],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  };
  const parent: BrowserWindow | null = window.isVisible ? window.browserWindow : null;
  const { response } = await (parent === null
    ? dialog.showMessageBox(options)
    : dialog.showMessageBox(parent, options));
  return response === 0;
}

/** Returns what happens when the window is closed; `showHint` tells the user that the app keeps running. */
export function createBackground(
  { services, window, paths, logger }: AppContext,
  { hasTray, quit, showHint }: { hasTray: boolean; quit: () => void; showHint: () => void },
): Background {
  return new Background({
    keepInTray: () => services.settings.current.keepInTray,
    // on macOS the Dock brings it back
    isReachable: async () => process.platform === 'darwin' || (hasTray && (await isTrayShown())),
    hide: () => window.hide(),
    quit,
    showHint,
    hintShownFile: paths.trayHintFile,
    logger,
  });
}

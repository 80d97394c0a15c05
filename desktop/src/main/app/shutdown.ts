import { app, type BrowserWindow, dialog, type MessageBoxOptions } from 'electron';
import { Background } from '../lifecycle/background.ts';
import { QuitController } from '../lifecycle/quitController.ts';
import { isTrayShown } from '../tray/trayHost.ts';
import type { AppContext } from './appContext.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Lets every way to end the app go through one place. When the app is ready: Electron's own handlers come before. */
export function registerShutdown(context: AppContext): QuitController {
  const { services, window, releasers, logger } = context;
  const quitting = new QuitController({
    uploadsRunning: () => services.queue.totals.active > 0,
    confirm: () => confirmQuit(context),
    close: () => {
      window.hide();
      return releasers.release();
    },
    exit: (code) => (code === 0 ? app.quit() : app.exit(code)),
    logger,
  });
  app.on('before-quit', (event) => {
    if (quitting.isClosed) return;
    event.preventDefault();
    void quitting.request({ ask: true });
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      logger.info({ signal }, 'the system ends the app');
      void quitting.request({ ask: false });
    });
  }
  return quitting;
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

/** What closing the window means; `explain` tells the user that the app goes on. */
export function createBackground(
  { services, window, paths, logger }: AppContext,
  { hasTray, quit, explain }: { hasTray: boolean; quit: () => void; explain: () => void },
): Background {
  return new Background({
    keepInTray: () => services.settings.current.keepInTray,
    // on macOS the dock brings it back
    isReachable: async () => process.platform === 'darwin' || (hasTray && (await isTrayShown())),
    hide: () => window.hide(),
    quit,
    explain,
    hintShownFile: paths.trayHintFile,
    logger,
  });
}

import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { app, dialog } from 'electron';
import { runApp } from './app/runApp.ts';
import { chooseLanguage, translate } from './i18n/translate.ts';
import { choosePaths } from './lifecycle/appPaths.ts';
import { installCrashHandlers } from './lifecycle/crashHandlers.ts';
import { acquireInstanceLock } from './lifecycle/instanceLock.ts';
import { LogFile } from './lifecycle/logFile.ts';
import { OpenedFiles } from './lifecycle/openedFiles.ts';
import { declareAppScheme } from './window/appProtocol.ts';
import { confinePages } from './window/security.ts';

/** As electron-builder names the app; Windows groups its windows and notifications by it. */
const APP_ID = 'io.reelmill.desktop';
const LOG_BYTES = 2 * 1024 * 1024;

setPrivateUmask();
app.setName('Reelmill');
app.setAppUserModelId(APP_ID);
const paths = choosePaths(process.env);
const log = new LogFile(paths.logFile, LOG_BYTES);
const logger = createLogger({ level: 'info', name: 'desktop' }, log);
const opened = new OpenedFiles();

if (acquireInstanceLock(opened)) {
  installCrashHandlers(logger);
  declareAppScheme();
  confinePages();
  app
    .whenReady()
    .then(() => runApp(paths, opened, logger))
    .catch((error: unknown) => {
      logger.fatal({ err: error }, 'start failed');
      const t = translate(chooseLanguage('system', app.getPreferredSystemLanguages()));
      dialog.showErrorBox(t('crash.title'), error instanceof Error ? error.message : String(error));
      app.exit(1);
    });
} else {
  app.exit(0);
}

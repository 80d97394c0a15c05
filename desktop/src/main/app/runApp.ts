import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { app } from 'electron';
import { EventSender } from '../ipc/eventSender.ts';
import type { AppPaths } from '../lifecycle/appPaths.ts';
import { wasOpenedAtLogin } from '../lifecycle/loginItem.ts';
import type { OpenedFiles } from '../lifecycle/openedFiles.ts';
import { servePage } from '../window/servePage.ts';
import { AppActions } from './appActions.ts';
import { type AppContext, openContext } from './appContext.ts';
import { connectPage } from './connectPage.ts';
import { startServices } from './services.ts';
import { createBackground, registerShutdown } from './shutdown.ts';
import { openSystemIntegration } from './systemIntegration.ts';

/** Starts the app: the window as soon as the session is known, then the uploads. Call it once the app is ready. */
export async function runApp(paths: AppPaths, opened: OpenedFiles, logger: Logger): Promise<void> {
  const context = await openContext(paths, logger);
  const { window, services, updates } = context;
  const events = new EventSender(() => window.contents);
  const quitController = registerShutdown(context);
  const actions = new AppActions(context, events, quitController);
  servePage(services.session, window, paths.pageFolder);
  connectPage(context, events, quitController);
  const systemIntegration = openSystemIntegration(context, actions, quitController);
  const background = createBackground(context, {
    hasTray: systemIntegration.hasTray,
    quit: () => actions.quit(),
    showHint: () => systemIntegration.showBackgroundHint(),
  });
  app.on('second-instance', () => actions.show());
  app.on('activate', () => actions.show());
  const isSignedIn = services.session.session !== null;
  await window.open({
    hidden: wasOpenedAtLogin() && isSignedIn && (await background.isPossible()),
    mayClose: () => {
      if (quitController.isClosed) return true;
      void background.enter();
      return false;
    },
  });
  await startServices(services);
  addOpenedFiles(context, opened, actions, events);
  updates.start();
  logger.info({ version: app.getVersion() }, 'started');
}

/** Adds the files that the system passed, once somebody is signed in and the page can show the result. */
function addOpenedFiles(
  { services, window, logger }: AppContext,
  opened: OpenedFiles,
  actions: AppActions,
  events: EventSender,
): void {
  opened.connect({
    isReady: () => services.session.session !== null && window.contents?.isLoading() === false,
    add: (paths) => services.queue.add(paths),
    showResult: (result) => {
      actions.navigate('queue');
      events.send('queue.intake', result);
    },
    logger,
  });
  services.session.subscribe(() => opened.flush());
  window.contents?.on('did-stop-loading', () => opened.flush());
}

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

/** Starts the app: its window as soon as the session is known, the uploads behind it. When the app is ready. */
export async function runApp(paths: AppPaths, opened: OpenedFiles, logger: Logger): Promise<void> {
  const context = await openContext(paths, logger);
  const { window, services, updates } = context;
  const events = new EventSender(() => window.contents);
  const quitting = registerShutdown(context);
  const actions = new AppActions(context, events, quitting);
  servePage(services.session, window, paths.pageFolder);
  connectPage(context, events, quitting);
  const systemIntegration = openSystemIntegration(context, actions, quitting);
  const background = createBackground(context, {
    hasTray: systemIntegration.hasTray,
    quit: () => actions.quit(),
    explain: () => systemIntegration.showBackgroundHint(),
  });
  app.on('second-instance', () => actions.show());
  app.on('activate', () => actions.show());
  const isSignedIn = services.session.session !== null;
  await window.open({
    hidden: wasOpenedAtLogin() && isSignedIn && (await background.isPossible()),
    mayClose: () => {
      if (quitting.isClosed) return true;
      void background.enter();
      return false;
    },
  });
  await startServices(services);
  addOpenedFiles(context, opened, actions, events);
  updates.start();
  logger.info({ version: app.getVersion() }, 'started');
}

/** Files from outside are added when somebody is signed in and the page can say what became of them. */
function addOpenedFiles(
  { services, window, logger }: AppContext,
  opened: OpenedFiles,
  actions: AppActions,
  events: EventSender,
): void {
  opened.connect({
    isReady: () => services.session.session !== null && window.contents?.isLoading() === false,
    add: (paths) => services.queue.add(paths),
    tell: (result) => {
      actions.navigate('queue');
      events.send('queue.intake', result);
    },
    logger,
  });
  services.session.subscribe(() => opened.flush());
  window.contents?.on('did-stop-loading', () => opened.flush());
}

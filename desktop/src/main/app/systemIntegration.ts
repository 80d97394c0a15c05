import { net, powerSaveBlocker } from 'electron';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { errorMessage } from '../i18n/translate.ts';
import type { QuitController } from '../lifecycle/quitController.ts';
import { AppMenu } from '../menu/appMenu.ts';
import { Notifier } from '../notifications/notifier.ts';
import { NetworkWatch } from '../power/networkWatch.ts';
import { SleepBlocker } from '../power/sleepBlocker.ts';
import { followPower } from '../power/systemPower.ts';
import { AppTray } from '../tray/appTray.ts';
import { findTrayIcon } from '../tray/icons.ts';
import type { AppActions } from './appActions.ts';
import type { AppContext } from './appContext.ts';
import { StatusBoard } from './statusBoard.ts';

/** What the app shows outside its window. */
export interface SystemIntegration {
  hasTray: boolean;
  /** Tells the user that the app keeps running without its window. */
  showBackgroundHint(): void;
}

/** Opens menu, tray and notifications, and follows the machine's power and network. */
export function openSystemIntegration(
  context: AppContext,
  actions: AppActions,
  quitController: QuitController,
): SystemIntegration {
  const tray = openTray(context, actions);
  const notifier = openNotifier(context, actions);
  const board = openBoard(context, actions, tray);
  const { queue } = context.services;
  followPower(
    {
      suspend: () => queue.suspend(),
      wake: () => queue.wake(),
      shutDown: () => void quitController.request({ ask: false }),
    },
    context.logger,
  );
  board.refresh();
  return {
    hasTray: tray !== null,
    showBackgroundHint: () => {
      const t = context.translate();
      const body = t(process.platform === 'darwin' ? 'background.bodyMac' : 'background.body');
      notifier.show({ title: t('background.title'), body }, () => actions.show());
    },
  };
}

function openTray({ paths, cleanupStack, logger }: AppContext, actions: AppActions): AppTray | null {
  const tray = AppTray.create(findTrayIcon(paths.resources, process.platform), actions, logger);
  if (tray !== null) cleanupStack.add('tray', () => tray.destroy());
  return tray;
}

function openNotifier(context: AppContext, actions: AppActions): Notifier {
  const { services, cleanupStack, language, translate } = context;
  const notifier = new Notifier({
    isWanted: () => services.settings.current.notifications,
    texts: () => ({ t: translate(), errorMessage: (failure) => errorMessage(language(), failure) }),
    open: ({ view, videoId }) => actions.navigate(view, videoId),
  });
  services.queue.onFinished((upload: UploadSnapshot) => notifier.add(upload));
  cleanupStack.add('notifications', () => notifier.close());
  return notifier;
}

/** Opens what keeps menu, tray and taskbar up to date. */
function openBoard(context: AppContext, actions: AppActions, tray: AppTray | null): StatusBoard {
  const { services, window, language, developerTools, cleanupStack } = context;
  const sleepBlocker = new SleepBlocker(powerSaveBlocker);
  const network = new NetworkWatch(
    () => net.isOnline(),
    (online) => {
      if (online) services.queue.retryNow();
      board.refreshSoon();
    },
  );
  const board = new StatusBoard({
    services,
    menu: new AppMenu(actions),
    tray,
    window,
    sleepBlocker,
    language,
    isOnline: () => network.isOnline,
    developerTools,
  });
  services.queue.subscribe(() => board.refreshSoon());
  services.session.subscribe(() => board.refresh());
  services.settings.subscribe(() => board.refresh());
  cleanupStack.add('status', () => {
    board.close();
    network.close();
    sleepBlocker.update(false);
  });
  return board;
}

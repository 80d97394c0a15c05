import { app, clipboard, ipcMain, shell } from 'electron';
import { CALL_CHANNEL } from '../../preload/channels.ts';
import type { EventSender } from '../ipc/eventSender.ts';
import { createHandlers } from '../ipc/handlers.ts';
import { handleCall } from '../ipc/ipcRouter.ts';
import type { QuitController } from '../lifecycle/quitController.ts';
import type { AppContext } from './appContext.ts';

/** Handles the calls of the page, and sends it the events. */
export function connectPage(context: AppContext, events: EventSender, quitController: QuitController): void {
  handlePageCalls(context, quitController);
  const { services, updates } = context;
  services.session.subscribe((state) => events.send('session.changed', state));
  services.queue.subscribe((change) => events.send('queue.changed', change));
  services.settings.subscribe((settings) => events.send('settings.changed', settings));
  services.watchFolder.subscribe((state) => events.send('watchFolder.changed', state));
  updates.subscribe((state) => events.send('updates.changed', state));
}

function handlePageCalls(
  { services, updates, dialogs, language, logger }: AppContext,
  quitController: QuitController,
): void {
  const handlers = createHandlers(services, {
    info: () => ({
      version: app.getVersion(),
      platform: process.platform,
      language: language(),
      sessionStorage: services.session.storage,
    }),
    openLink: (url) => shell.openExternal(url),
    copyText: (text) => clipboard.writeText(text),
    showInFolder: (path) => shell.showItemInFolder(path),
    chooseWatchFolder: (current) => dialogs.chooseWatchFolder(current),
    quit: () => void quitController.request({ ask: true }),
    updates,
    installUpdate: () => {
      if (updates.state.status !== 'ready') return;
      void quitController.request({ ask: true, leave: () => updates.installNow() });
    },
  });
  ipcMain.handle(CALL_CHANNEL, (event, name: unknown, args: unknown) =>
    handleCall(event, name, args, { handlers, logger }),
  );
}

import { session as sessions } from 'electron';
import type { SessionService } from '../session/sessionService.ts';
import { serveApp } from './appProtocol.ts';
import type { MainWindow } from './mainWindow.ts';
import { PageOrigins } from './pageOrigins.ts';
import { confineSession } from './security.ts';

/** Serves the page with the media origins of the present session; reloads it when they change. */
export function servePage(session: SessionService, window: MainWindow, folder: string): void {
  const origins = new PageOrigins(() => session.mediaOrigins);
  const { defaultSession } = sessions;
  serveApp(defaultSession.protocol, { folder, mediaOrigins: () => origins.take() });
  confineSession(defaultSession, () => session.mediaOrigins);
  session.subscribe(({ status }) => {
    if (origins.isStale) window.reload();
    // pictures and segments of the account that signed out
    if (status === 'signedOut') void defaultSession.clearCache();
  });
}

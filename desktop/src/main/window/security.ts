import { app, type Session, type WebContents } from 'electron';
import { allowReading, isAtOrigin } from './mediaAccess.ts';
import { APP_ORIGIN, APP_URL } from './pageRequests.ts';

const WEB_ADDRESSES = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'];

/** No page of this app leaves its place, opens another window or embeds anything; applies to every page made later. */
export function confinePages(): void {
  app.on('web-contents-created', (_, contents) => confinePage(contents));
}

function confinePage(contents: WebContents): void {
  contents.on('will-frame-navigate', (event) => {
    if (event.url !== APP_URL || !event.isMainFrame) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/**
 * What pages may ask of the system: to fill the screen with a video. And of the network: media of the server that the
 * user is signed in to, which they may read although neither the API nor the store answers other origins. Faulty
 * certificates are refused, as Electron does by itself.
 */
export function confineSession(session: Session, mediaOrigins: () => readonly string[]): void {
  session.setPermissionRequestHandler((_, permission, answer) => answer(permission === 'fullscreen'));
  session.setPermissionCheckHandler((_, permission) => permission === 'fullscreen');
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest({ urls: WEB_ADDRESSES }, ({ url }, answer) => {
    answer({ cancel: !isAtOrigin(url, mediaOrigins()) });
  });
  session.webRequest.onHeadersReceived({ urls: WEB_ADDRESSES }, ({ url, responseHeaders }, answer) => {
    if (responseHeaders === undefined || !isAtOrigin(url, mediaOrigins())) return answer({});
    answer({ responseHeaders: allowReading(responseHeaders, APP_ORIGIN) });
  });
}

import { app, type Session, type WebContents } from 'electron';
import { allowReading, isAtOrigin } from './mediaAccess.ts';
import { APP_ORIGIN, APP_URL } from './pageRequests.ts';

const WEB_ADDRESSES = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'];

/** Keeps every page that is created later from navigating, opening windows and embedding anything. */
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
 * Restricts pages to one permission, full screen, and to the media of the server that the user is signed in to, which they
 * may read although neither the API nor the store allows other origins. Electron itself rejects invalid certificates.
 */
export function confineSession(session: Session, mediaOrigins: () => readonly string[]): void {
  session.setPermissionRequestHandler((_, permission, callback) => callback(permission === 'fullscreen'));
  session.setPermissionCheckHandler((_, permission) => permission === 'fullscreen');
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest({ urls: WEB_ADDRESSES }, ({ url }, callback) => {
    callback({ cancel: !isAtOrigin(url, mediaOrigins()) });
  });
  session.webRequest.onHeadersReceived({ urls: WEB_ADDRESSES }, ({ url, responseHeaders }, callback) => {
    if (responseHeaders === undefined || !isAtOrigin(url, mediaOrigins())) return callback({});
    callback({ responseHeaders: allowReading(responseHeaders, APP_ORIGIN) });
  });
}

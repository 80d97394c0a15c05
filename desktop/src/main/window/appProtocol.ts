import { type Protocol, protocol } from 'electron';
import { APP_SCHEME, type PageSource, servePageRequest } from './pageRequests.ts';

/** Gives the page an origin of its own, with the rights of https. Call it before the app is ready. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
}

export function serveApp(target: Protocol, source: PageSource): void {
  target.handle(APP_SCHEME, (request) => servePageRequest(request, source));
}

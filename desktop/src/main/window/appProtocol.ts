import { type Protocol, protocol } from 'electron';
import { APP_SCHEME, type PageSource, servePageRequest } from './pageRequests.ts';

/** Before the app is ready: the page gets an origin of its own, like one that came over https. */
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

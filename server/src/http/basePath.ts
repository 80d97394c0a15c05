import type { RequestHandler } from 'express';
import { API_BASE } from './router.ts';

/** Never reachable below the path, which a proxy may expose: metrics are for the operator's network. */
const INTERNAL_PATH = '/metrics';

/** Returns the path of the public URL without a trailing slash; empty where it has none. */
export function basePathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '');
}

/**
 * Accepts requests with and without the path of `PUBLIC_URL`: some reverse proxies strip it, others do not.
 */
export function stripBasePath(publicUrl: string): RequestHandler {
  const basePath = basePathOf(publicUrl);
  const prefix = `${basePath}/`;
  return (request, _response, next) => {
    if (basePath !== '' && request.url.startsWith(prefix) && !isOwnPath(request.url, basePath)) {
      const url = request.url.slice(basePath.length);
      // routes match case-insensitively
      if (!url.toLowerCase().startsWith(INTERNAL_PATH)) request.url = url;
    }
    next();
  };
}

/** Whether a proxy has stripped the path of `PUBLIC_URL` and the URL begins with it only because the API's path does. */
function isOwnPath(url: string, basePath: string): boolean {
  return url.startsWith(`${API_BASE}/`) && !url.startsWith(`${basePath}${API_BASE}/`);
}

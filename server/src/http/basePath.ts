import type { RequestHandler } from 'express';
import { API_BASE } from './router.ts';

/** For the network of the operator, whatever a proxy in front passes on below the path. */
const INSIDE = '/metrics';

/** The path of the API's address, without a slash at the end: empty where it has none. */
export function basePathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '');
}

/**
 * Lets requests come below the path of `PUBLIC_URL` as well as without it: some reverse proxies take the path off, others
 * pass it on.
 */
export function stripBasePath(publicUrl: string): RequestHandler {
  const basePath = basePathOf(publicUrl);
  const prefix = `${basePath}/`;
  return (request, _response, next) => {
    if (basePath !== '' && request.url.startsWith(prefix) && !isOwnPath(request.url, basePath)) {
      const url = request.url.slice(basePath.length);
      // paths are compared without regard to case
      if (!url.toLowerCase().startsWith(INSIDE)) request.url = url;
    }
    next();
  };
}

/** Whether a URL is the API's own already, where the path of `PUBLIC_URL` begins as the API's does, and a proxy took it off. */
function isOwnPath(url: string, basePath: string): boolean {
  return url.startsWith(`${API_BASE}/`) && !url.startsWith(`${basePath}${API_BASE}/`);
}

import type { RequestHandler } from 'express';

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
    if (basePath !== '' && request.url.startsWith(prefix)) {
      const url = request.url.slice(basePath.length);
      if (!url.startsWith(INSIDE)) request.url = url;
    }
    next();
  };
}

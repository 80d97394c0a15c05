import cors from 'cors';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';

/** Sets the security headers of every response. Responses of the API may load nothing; pages use `allowPage`. */
export function securityHeaders(origins: readonly string[]): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
    },
    // the proxy that terminates TLS decides about HSTS for its domain
    strictTransportSecurity: false,
    // pictures of covers and storyboards are loaded without CORS
    crossOriginResourcePolicy: { policy: origins.length > 0 ? 'cross-origin' : 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
}

const DAY_SECONDS = 86_400;

/**
 * Allows all requests of pages of these origins, without cookies: a token or a signed link authenticates them. Responds to
 * preflights; passes any other `OPTIONS` on.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const allow = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Range', 'If-Range', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: [
      'Accept-Ranges',
      'Content-Range',
      'ETag',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'X-Request-Id',
    ],
    maxAge: DAY_SECONDS,
  });
  return (request, response, next) => {
    const isPreflight = request.headers['access-control-request-method'] !== undefined;
    if (request.method === 'OPTIONS' && !isPreflight) next();
    else allow(request, response, next);
  };
}

/** Sets the content security policy of a page: the server's own files, and the `extra` sources of each directive. */
export function allowPage(response: Response, extra: Record<string, readonly string[]> = {}): void {
  const directives: Record<string, readonly string[]> = {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'"],
    'connect-src': ["'self'"],
    'font-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  for (const [directive, sources] of Object.entries(extra)) {
    directives[directive] = [...(directives[directive] ?? []), ...sources];
  }
  const policy = Object.entries(directives).map(([name, sources]) => `${name} ${sources.join(' ')}`);
  response.setHeader('Content-Security-Policy', policy.join('; '));
}

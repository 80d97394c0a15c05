import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';

/** Headers for every answer. Answers of the API may load nothing; pages say what they need with `allowPage`. */
export function securityHeaders(): RequestHandler {
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
    // whoever terminates TLS decides for how long the whole domain insists on it
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}

/** A page's content security policy: its own files plus what `extra` names, directive by directive. */
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

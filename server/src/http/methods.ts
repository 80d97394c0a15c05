import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { RequestHandler } from 'express';

/**
 * Rejects unsupported methods with `method_not_allowed` and lists the supported ones in `Allow`; responds to `OPTIONS` with
 * that list.
 *
 * @param methods in any case; `HEAD` comes with `GET`
 */
export function rejectOtherMethods(methods: readonly string[]): RequestHandler {
  const known = new Set(methods.map((method) => method.toUpperCase()));
  if (known.has('GET')) known.add('HEAD');
  const allow = [...known, 'OPTIONS'].join(', ');
  return (request, response) => {
    response.setHeader('Allow', allow);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    throw new ReelmillError('method_not_allowed', `${request.method} is not supported by this resource.`);
  };
}

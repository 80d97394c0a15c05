import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { RequestHandler } from 'express';

/**
 * What an address says to methods that it does not have: `method_not_allowed`, with the ones that it has in `Allow`;
 * `OPTIONS` asks for just these.
 *
 * @param methods in any case; `HEAD` comes with `GET`
 */
export function refuseOtherMethods(methods: readonly string[]): RequestHandler {
  const known = new Set(methods.map((method) => method.toUpperCase()));
  if (known.has('GET')) known.add('HEAD');
  const allow = [...known, 'OPTIONS'].join(', ');
  return (request, response) => {
    response.setHeader('Allow', allow);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    throw new ReelmillError('method_not_allowed', `${request.method} is not possible at this address.`);
  };
}

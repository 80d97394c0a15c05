import { isIP } from 'node:net';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request, RequestHandler } from 'express';

/** What orchestrators and scrapers ask for: by the address of a container, or by a name of the network that it is in. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/**
 * Refuses requests to names that are not this server's, with `misdirected_request`. A page of any site can have its own
 * name point to this address (DNS rebinding), and would then be of the same origin as this server; the `Host` that its
 * requests carry is still the site's.
 */
export function checkHost(
  config: Pick<ServerConfig, 'HOST' | 'ALLOWED_HOSTS'>,
  publicUrl: string,
): RequestHandler {
  const allowed = new Set(
    [...LOOPBACK, config.HOST, new URL(publicUrl).hostname, ...config.ALLOWED_HOSTS].map(normalize),
  );
  return (request, _response, next) => {
    const host = hostOf(request);
    if (host !== null && allowed.has(host)) return next();
    if (PROBES.has(request.path) && (host === null || isUnreachableName(host))) return next();
    // whoever asks by the very address of this connection has no name to deceive with
    if (host !== null && host === normalize(request.socket.localAddress ?? '')) return next();
    next(
      new ReelmillError(
        'misdirected_request',
        'This server is not called by that name. Its administrator can allow it with ALLOWED_HOSTS.',
      ),
    );
  };
}

/** Addresses, and names without a dot: no site of the internet has such a name. */
function isUnreachableName(host: string): boolean {
  return isIP(host) !== 0 || /^[a-z0-9_-]+$/.test(host);
}

/** Null without the header, as HTTP/1.0 allows, and for one that no name can be read from. */
function hostOf(request: Request): string | null {
  const [, bracketed, plain] =
    /^(?:\[([^\]]+)\]|([^:[\]/@\s]+))(?::\d*)?$/.exec(request.headers.host ?? '') ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? null : normalize(name);
}

/** In the form in which two spellings of one name or address are equal. */
function normalize(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/(?<=[^.])\.$/, '');
}

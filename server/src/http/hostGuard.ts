import { isIP } from 'node:net';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request, RequestHandler } from 'express';

/** Paths that orchestrators and scrapers request by the address of a container or by a name of its network. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/**
 * Rejects requests for other host names with `misdirected_request`. Any site can let its own name resolve to this address
 * (DNS rebinding), and its page would then have the same origin as this server; but the `Host` header of its requests is
 * still the name of the site.
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
    // the address of this connection itself is no name that could be rebound
    if (host !== null && host === normalize(request.socket.localAddress ?? '')) return next();
    next(
      new ReelmillError(
        'misdirected_request',
        'This server does not serve this host name. Its administrator can allow it with ALLOWED_HOSTS.',
      ),
    );
  };
}

/** Addresses, and names without a dot, which no site on the internet has. */
function isUnreachableName(host: string): boolean {
  return isIP(host) !== 0 || /^[a-z0-9_-]+$/.test(host);
}

/** Returns null without the header, as HTTP/1.0 allows, and for an invalid one. */
function hostOf(request: Request): string | null {
  const [, bracketed, plain] =
    /^(?:\[([^\]]+)\]|([^:[\]/@\s]+))(?::\d*)?$/.exec(request.headers.host ?? '') ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? null : normalize(name);
}

/** Returns the canonical form of a name or address. */
function normalize(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/(?<=[^.])\.$/, '');
}

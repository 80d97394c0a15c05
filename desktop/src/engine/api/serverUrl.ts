import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** Names that only resolve on this machine or its network. */
const PRIVATE_NAME = /(^|\.)(localhost|local|lan|internal|home\.arpa)$/;
const PRIVATE_IPV4 = /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./;
const PRIVATE_IPV6 = /^\[(::1\]|f[cd]|fe[89ab])/;

/**
 * Returns the normalized server address for what somebody typed or pasted: without a trailing slash or the path of the
 * API, and with `https://` in front unless the host is on the local network. Throws `validation_failed`.
 */
export function normalizeServerUrl(text: string): string {
  const trimmed = text.trim();
  const url = parseHttp(/^[a-z][a-z\d+.-]*:\/\/|^https?:/i.test(trimmed) ? trimmed : addScheme(trimmed));
  if (url.username !== '' || url.password !== '') throw invalid('must not contain a user name or a password');
  const path = url.pathname.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
  return `${url.origin}${path}`;
}

function addScheme(text: string): string {
  const { hostname } = parseHttp(`http://${text}`);
  return `${isPrivate(hostname) ? 'http' : 'https'}://${text}`;
}

function isPrivate(hostname: string): boolean {
  if (hostname.startsWith('[')) return PRIVATE_IPV6.test(hostname);
  return !hostname.includes('.') || PRIVATE_NAME.test(hostname) || PRIVATE_IPV4.test(hostname);
}

function parseHttp(text: string): URL {
  const url = /[\s\\]/.test(text) || !URL.canParse(text) ? null : new URL(text);
  if (url === null) throw invalid('must look like https://videos.example.com');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid('must begin with https:// or http://');
  }
  return url;
}

function invalid(reason: string): ReelmillError {
  return new ReelmillError('validation_failed', `The server address ${reason}.`);
}

import { BlockList, isIP } from 'node:net';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** The proxies through which other hosts are reached. Their URLs may have a user name and a password. */
export interface Proxies {
  /** Returns the proxy for a target, or null where it is reached directly. */
  proxyFor(target: URL): URL | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const NO_PROXIES: Proxies = { proxyFor: () => null };

/**
 * Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as curl does: names in lower case take precedence.
 * This machine itself is never reached through a proxy. Throws `validation_failed` for a proxy of another kind.
 */
export function readProxies(env: Environment): Proxies {
  const all = readProxy(env, 'ALL_PROXY');
  const proxies: Readonly<Record<string, URL | null>> = {
    'http:': readProxy(env, 'HTTP_PROXY') ?? all,
    'https:': readProxy(env, 'HTTPS_PROXY') ?? all,
  };
  const exceptions = (read(env, 'NO_PROXY') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return {
    proxyFor: (target) =>
      isLoopback(target.hostname) || exceptions.some((entry) => matches(entry, target))
        ? null
        : (proxies[target.protocol] ?? null),
  };
}

function read(env: Environment, name: string): string | undefined {
  return env[name.toLowerCase()] || env[name] || undefined;
}

function readProxy(env: Environment, name: string): URL | null {
  const text = read(env, name);
  if (text === undefined) return null;
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  // the value may contain a password
  throw new ReelmillError('validation_failed', `${name} must look like http://proxy.example.com:3128.`);
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** `*`, an address, a range of addresses (`10.0.0.0/8`), or a name, which includes its subdomains. */
function matches(entry: string, { hostname, protocol, port }: URL): boolean {
  if (entry === '*') return true;
  const [, name = '', entryPort] = /^(\[[^\]]+\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const targetPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  if (entryPort !== undefined && entryPort !== targetPort) return false;
  const host = unbracket(hostname);
  const wanted = unbracket(name.toLowerCase()).replace(/^\*?\./, '');
  if (isIP(host) !== 0) return matchesAddress(wanted, host);
  return host === wanted || host.endsWith(`.${wanted}`);
}

function matchesAddress(wanted: string, host: string): boolean {
  const [network = '', bits] = wanted.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) !== isIP(host)) return false;
  const list = new BlockList();
  const isRange = bits !== undefined && /^\d+$/.test(bits) && Number(bits) <= (family === 'ipv6' ? 128 : 32);
  if (isRange) list.addSubnet(network, Number(bits), family);
  else if (bits === undefined) list.addAddress(network, family);
  return list.check(host, family);
}

function unbracket(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

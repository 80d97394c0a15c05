import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet; check the clock of this computer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it was issued for another name',
  HOSTNAME_MISMATCH: 'it was issued for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself and not trusted on this computer',
  SELF_SIGNED_CERT_IN_CHAIN: 'its issuer is not trusted on this computer',
  UNABLE_TO_GET_ISSUER_CERT: 'its issuer is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is unknown on this computer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is unknown on this computer',
  CERT_REVOKED: 'it was revoked',
  CERT_UNTRUSTED: 'it is not trusted',
  CERT_REJECTED: 'it was rejected',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
  INVALID_CA: 'its issuer must not issue certificates',
  INVALID_PURPOSE: 'it is not meant for servers',
};

/** Why a connection failed, for people: without the query of the URL, where signatures are. */
export function toNetworkError(error: unknown, url: string): ReelmillError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  const { host, hostname } = URL.canParse(url) ? new URL(url) : { host: url, hostname: url };
  const certificate = code === null ? undefined : CERTIFICATE_REASONS[code];
  if (certificate !== undefined) {
    const message = `The certificate of ${host} cannot be accepted: ${certificate}.`;
    // it may be the network's own page that answers, or an administrator may be renewing it
    return new ReelmillError('certificate_invalid', message, { cause: error, retryable: true });
  }
  return new ReelmillError('network', explain(code, host, hostname), { cause: error });
}

/** The same for a connection through a proxy, of which user name and password are left out. */
export function toProxyError(error: unknown, url: string, proxy: URL): ReelmillError {
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    return proxyRefusedError(proxy, error.statusCode);
  }
  const failure = toNetworkError(error, url);
  if (failure.code === 'certificate_invalid') return failure;
  const { message } = toNetworkError(error, proxy.origin);
  return new ReelmillError('network', `${message} It is the proxy on the way to ${new URL(url).host}.`, {
    cause: error,
  });
}

/** A proxy that does not pass a connection on. */
export function proxyRefusedError(proxy: URL, status: number): ReelmillError {
  const reason =
    status === 407
      ? proxy.username === ''
        ? 'wants a user name and a password: http://user:password@host:port'
        : 'does not accept the user name and the password'
      : `does not pass the connection on (HTTP ${status})`;
  return new ReelmillError('network', `The proxy ${proxy.host} ${reason}.`, { retryable: status !== 407 });
}

function explain(code: string | null, host: string, hostname: string): string {
  switch (code) {
    case null:
      return `The connection to ${host} failed.`;
    case 'ECONNREFUSED':
      return `Nothing answers at ${host}.`;
    case 'ENOTFOUND':
      return `There is no host named ${hostname}.`;
    case 'EAI_AGAIN':
      return `The name ${hostname} cannot be looked up just now; is this computer online?`;
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'ENETRESET':
      return `There is no way to ${host} from here; is this computer online?`;
    case 'ETIMEDOUT':
      return `${host} did not answer in time.`;
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return `The connection to ${host} was cut.`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return `${host} does not speak https there; is the port right, or is it http?`;
    default:
      return `${host} cannot be reached (${code}).`;
  }
}

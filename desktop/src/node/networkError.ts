import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet; check the clock of this computer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it was issued for another name',
  HOSTNAME_MISMATCH: 'it was issued for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its issuer is not trusted on this computer',
  UNABLE_TO_GET_ISSUER_CERT: 'its issuer is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is unknown on this computer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is unknown on this computer',
  CERT_REVOKED: 'it was revoked',
  CERT_UNTRUSTED: 'it is not trusted',
  CERT_REJECTED: 'it was rejected',
  CERT_SIGNATURE_FAILURE: 'its signature is invalid',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
  INVALID_CA: 'its issuer is not allowed to issue certificates',
  INVALID_PURPOSE: 'it was not issued for servers',
};

/** Returns the error of a failed connection, with a message without the URL's query, which may have a signature. */
export function toNetworkError(error: unknown, url: string): ReelmillError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  const { host, hostname } = URL.canParse(url) ? new URL(url) : { host: url, hostname: url };
  const certificate = code === null ? undefined : CERTIFICATE_REASONS[code];
  if (certificate !== undefined) {
    const message = `The certificate of ${host} is not trusted: ${certificate}.`;
    // the response may come from the network's sign-in page, or the certificate may be renewed soon
    return new ReelmillError('certificate_invalid', message, { cause: error, retryable: true });
  }
  return new ReelmillError('network', formatReason(code, host, hostname), { cause: error });
}

/** The same for a connection through a proxy, whose user name and password the message leaves out. */
export function toProxyError(error: unknown, url: string, proxy: URL): ReelmillError {
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    return proxyRefusedError(proxy, error.statusCode);
  }
  const failure = toNetworkError(error, url);
  if (failure.code === 'certificate_invalid') return failure;
  const { message } = toNetworkError(error, proxy.origin);
  return new ReelmillError('network', `${message} It is the proxy for ${new URL(url).host}.`, {
    cause: error,
  });
}

/** Returns the error of a proxy that does not establish a connection. */
export function proxyRefusedError(proxy: URL, status: number): ReelmillError {
  const reason =
    status === 407
      ? proxy.username === ''
        ? 'requires a user name and a password: http://user:password@host:port'
        : 'rejected the user name or the password'
      : `did not establish the connection (HTTP ${status})`;
  return new ReelmillError('network', `The proxy ${proxy.host} ${reason}.`, { retryable: status !== 407 });
}

function formatReason(code: string | null, host: string, hostname: string): string {
  switch (code) {
    case null:
      return `The connection to ${host} failed.`;
    case 'ECONNREFUSED':
      return `The connection to ${host} was refused.`;
    case 'ENOTFOUND':
      return `There is no host named ${hostname}.`;
    case 'EAI_AGAIN':
      return `The name ${hostname} cannot be resolved at the moment. Check whether this computer is online.`;
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'ENETRESET':
      return `${host} cannot be reached from here. Check whether this computer is online.`;
    case 'ETIMEDOUT':
      return `${host} did not respond in time.`;
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return `The connection to ${host} was closed unexpectedly.`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return `${host} does not use https on this port. Check the port, or use http.`;
    default:
      return `${host} cannot be reached (${code}).`;
  }
}

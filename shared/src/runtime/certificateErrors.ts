/** None of them goes away by waiting; errors about validity dates may, once a clock is set, and are not among them. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
]);

/** Whether a TLS connection failed because the other side is not whom the configuration names, or has no TLS. */
export function isCertificateError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && UNTRUSTED.has(error.code);
}

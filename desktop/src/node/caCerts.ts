import tls from 'node:tls';

/**
 * The issuers of certificates, as PEM, that connections trust: Node's own, those that the operating system trusts
 * (companies put theirs there), and further ones, as PEM too.
 */
export function listCaCerts(further: string | null): string[] {
  const extra = further === null ? [] : [further];
  // Node 20, in older versions of Electron, knows only its own
  if (typeof tls.getCACertificates !== 'function') return [...tls.rootCertificates, ...extra];
  return [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...extra];
}

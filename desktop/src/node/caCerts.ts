import tls from 'node:tls';

/**
 * Returns the CA certificates that connections trust, as PEM: Node's own, those of the operating system (where companies
 * install theirs), and extra ones.
 */
export function listCaCerts(extra: string | null): string[] {
  const added = extra === null ? [] : [extra];
  // Node 20, in older versions of Electron, cannot list those of the system
  if (typeof tls.getCACertificates !== 'function') return [...tls.rootCertificates, ...added];
  return [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...added];
}

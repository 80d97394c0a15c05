import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { findFreePort, makeTemporaryFolder, type RunningProcess, startProcess } from './processes.ts';

/** What Caddy needs to be installed; `npm test` sees to it. */
export const CADDY_PROGRAMS = ['caddy'];

const CADDYFILE = path.resolve(import.meta.dirname, '../../deploy/caddy/Caddyfile');

export interface CaddyAddresses {
  publicUrl: string;
  storePublicUrl: string;
  /** Where plain HTTP is sent on to TLS. */
  httpPort: number;
}

export interface Caddy extends CaddyAddresses {
  readonly process: RunningProcess;
  /** The certificate of its own authority, which this process trusts from now on. */
  readonly rootCertificate: string;
  stop(): Promise<void>;
}

/** Addresses of localhost that are free. */
export async function findCaddyAddresses(): Promise<CaddyAddresses> {
  const ports = [await findFreePort(), await findFreePort(), await findFreePort()] as const;
  return {
    publicUrl: `https://localhost:${ports[0]}`,
    storePublicUrl: `https://localhost:${ports[1]}`,
    httpPort: ports[2],
  };
}

/** Starts Caddy with the project's own Caddyfile in front of these two, `host:port` each. */
export async function startCaddy(
  addresses: CaddyAddresses,
  upstreams: { api: string; store: string },
): Promise<Caddy> {
  const folder = await makeTemporaryFolder('caddy');
  const caddy = startProcess('caddy', ['run', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
    name: 'caddy',
    cwd: folder.path,
    env: {
      HOME: folder.path,
      XDG_DATA_HOME: folder.path,
      XDG_CONFIG_HOME: folder.path,
      PUBLIC_URL: addresses.publicUrl,
      STORE_PUBLIC_URL: addresses.storePublicUrl,
      HTTP_PORT: String(addresses.httpPort),
      API_UPSTREAM: upstreams.api,
      STORE_UPSTREAM: upstreams.store,
    },
  });
  const stop = async (): Promise<void> => {
    await caddy.stop();
    await folder.remove();
  };
  const rootCertificate = path.join(folder.path, 'caddy/pki/authorities/local/root.crt');
  const trusted = getCACertificates('default');
  try {
    await caddy.waitUntil('its certificates are made', async () => {
      if (!existsSync(rootCertificate)) return false;
      setDefaultCACertificates([...trusted, readFileSync(rootCertificate, 'utf8')]);
      const responses = await Promise.all(
        [addresses.publicUrl, addresses.storePublicUrl].map((url) => fetch(url)),
      );
      await Promise.all(responses.map((response) => response.arrayBuffer()));
      return true;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...addresses, process: caddy, rootCertificate, stop };
}

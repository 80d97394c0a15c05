import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from './processes.ts';

const DAYS = '2';
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Files of a certificate and its key, in PEM. */
export interface ServerCertificate {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** A certificate authority that only a program with `caFile` trusts. */
export interface PrivateCa {
  readonly caFile: string;
  /** A certificate of a server that is called `localhost`. `name` is its files'. */
  issue(name: string): Promise<ServerCertificate>;
  remove(): Promise<void>;
}

export async function makePrivateCa(): Promise<PrivateCa> {
  const folder = await makeTemporaryFolder('ca');
  const at = (name: string): string => path.join(folder.path, name);
  const caFile = at('ca.crt');
  await openssl(
    ...[
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      at('ca.key'),
      '-out',
      caFile,
      '-days',
      DAYS,
      '-subj',
      '/CN=Test CA',
    ],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
  );
  return {
    caFile,
    async issue(name) {
      const [certFile, keyFile, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((ending) =>
        at(`${name}.${ending}`),
      ) as [string, string, string, string]; // as many as endings
      await openssl('req', ...KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`);
      await writeFile(extensions, 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n');
      await openssl(
        ...['x509', '-req', '-in', request, '-CA', caFile, '-CAkey', at('ca.key'), '-CAcreateserial'],
        ...['-days', DAYS, '-extfile', extensions, '-out', certFile],
      );
      return { caFile, certFile, keyFile };
    },
    remove: () => folder.remove(),
  };
}

/** A certificate for 127.0.0.1 that is self-signed, in PEM; it is left in the folder as `cert.pem`. */
export async function makeSelfSigned(folder: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  await openssl('req', '-x509', ...KEY, '-keyout', key, '-out', cert, ...subject);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args, { timeout: 30_000 });
}

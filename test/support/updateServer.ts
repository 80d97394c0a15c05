import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

const SIGN = path.resolve(import.meta.dirname, '../../scripts/signUpdates.ts');
const DESCRIPTION = 'latest-linux.yml';
const run = promisify(execFile);

/** A web server with the files of a release, such as `npm run dist` and `npm run sign-updates` leave them. */
export interface UpdateServer {
  readonly url: string;
  /** For REELMILL_UPDATE_KEY. */
  readonly publicKey: string;
  /** Paths that were asked for since the last release was put there. */
  readonly asked: string[];
  /** Puts a release there, signed; `change` changes its files afterwards. */
  release(version: string, change?: (folder: ReleaseFolder) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface ReleaseFolder {
  description: string;
  signature: string;
  installer: string;
}

/** Keeps what it serves, and the key, in `folder`. */
export async function openUpdateServer(folder: string): Promise<UpdateServer> {
  const served = path.join(folder, 'served');
  const keyFile = path.join(folder, 'key.pem');
  await mkdir(folder, { recursive: true });
  const { stdout } = await run(process.execPath, [SIGN, 'keygen', keyFile]);
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const name = path.basename(new URL(request.url ?? '', 'http://localhost').pathname);
    asked.push(name);
    const bytes = await readFile(path.join(served, name)).catch(() => null);
    if (bytes === null) response.writeHead(404).end();
    else response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // a socket that listens on a port has such an address
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publicKey: /^REELMILL_UPDATE_KEY=(.+)$/m.exec(stdout)?.[1] ?? '',
    asked,
    async release(version, change) {
      await rm(served, { recursive: true, force: true });
      await mkdir(served, { recursive: true });
      const name = `reelmill-${version}.deb`;
      const installer = Buffer.from(`version ${version}, not installed in this test`);
      const sha512 = createHash('sha512').update(installer).digest('base64');
      const description = {
        version,
        files: [{ url: name, sha512, size: installer.length }],
        path: name,
        sha512,
      };
      const files = {
        description: path.join(served, DESCRIPTION),
        signature: path.join(served, `${DESCRIPTION}.sig`),
        installer: path.join(served, name),
      };
      await writeFile(files.description, JSON.stringify(description));
      await writeFile(files.installer, installer);
      await run(process.execPath, [SIGN, keyFile, served]);
      await change?.(files);
      asked.length = 0;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

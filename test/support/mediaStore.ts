import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type Confinement, openConfinement } from '../../worker/src/confine/confinement.ts';

/** A store in a throw-away folder, served on a free port, with a scratch folder beside it. */
export interface MediaStore {
  store: DiskStore;
  /** Where the objects lie as plain files. */
  root: string;
  workDir: string;
  /** As a worker would have it on this machine. */
  confinement: Confinement;
  /** Every request that was made of it, as `METHOD path`. */
  requests: string[];
  /** Puts a local file in and returns what a task spec needs. */
  addSource(file: string, key?: string): Promise<{ key: string; sizeBytes: number }>;
  close(): Promise<void>;
}

export async function startMediaStore(): Promise<MediaStore> {
  const root = await mkdtemp(path.join(tmpdir(), 'reelmill-media-'));
  const requests: string[] = [];
  const logger = createLogger({ level: 'silent', name: 'test' });
  const confinement = await openConfinement({ mode: 'auto', workDir: root, logger });
  let address = '';
  const store = await createDiskStore({
    root: path.join(root, 'objects'),
    signingSecret: 'only for tests, only for tests, only',
    baseUrls: () => ({ public: address, internal: address }),
  });
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`);
    void store.handle(request, response).then((handled) => {
      if (!handled) response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  address = `http://127.0.0.1:${port}`;
  return {
    store,
    root,
    workDir: path.join(root, 'work'),
    confinement,
    requests,
    async addSource(file, key = `raw/1/${path.basename(file)}`) {
      const { size } = await stat(file);
      await store.put(key, createReadStream(file), { contentType: 'video/mp4', sizeBytes: size });
      return { key, sizeBytes: size };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { UploadSnapshot, UploadState } from '@reelmill/desktop/contracts/desktop.ts';
import { ApiClient } from '@reelmill/desktop/engine/api/apiClient.ts';
import type { UploadSettings } from '@reelmill/desktop/engine/context.ts';
import type { SessionPort } from '@reelmill/desktop/engine/ports/ports.ts';
import { UploadManager } from '@reelmill/desktop/engine/queue/manager.ts';
import type { UploadEvent } from '@reelmill/desktop/engine/record/events.ts';
import { systemClock } from '@reelmill/desktop/node/clock.ts';
import { nodeDigests } from '@reelmill/desktop/node/digests.ts';
import { FileJournal } from '@reelmill/desktop/node/fileJournal.ts';
import { nodeFileSource } from '@reelmill/desktop/node/fileSource.ts';
import { NodeHttpTransport } from '@reelmill/desktop/node/httpTransport.ts';
import { QueueFile } from '@reelmill/desktop/node/queueFile.ts';
import { createDiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { type FlakyProxy, startFlakyProxy } from './flakyProxy.ts';
import { type MeddlingProxy, startMeddlingProxy } from './meddlingProxy.ts';
import { signedByOwner, startMinio } from './minio.ts';
import { closeServer, listen, startUploadApi, type UploadApi } from './uploadApi.ts';

/** Fast retries: a test should meet the last of them. */
export const TEST_RETRY = { attempts: 6, baseMs: 10, maxMs: 100, maxRetryAfterMs: 1_000 };

export interface Engine {
  readonly manager: UploadManager;
  readonly events: UploadEvent[];
  /** Resolves with the first snapshot of that upload in one of the states, now or later. */
  reach(id: string, ...states: UploadState[]): Promise<UploadSnapshot>;
  /** Resolves with the first event, past or to come, that matches. */
  see(matches: (event: UploadEvent) => boolean): Promise<UploadEvent>;
}

export interface EngineFixture {
  readonly api: UploadApi;
  readonly store: ObjectStore;
  /** Stands between the engine and the store. */
  readonly proxy: FlakyProxy;
  /** Stands between that and the store. */
  readonly storeMeddler: MeddlingProxy;
  /** Stands between the engine and the API. */
  readonly apiMeddler: MeddlingProxy;
  readonly folder: string;
  /** A file of random bytes. */
  makeFile(name: string, sizeBytes: number): Promise<string>;
  /** An engine with a journal of its own name; the same name stands for the same machine. */
  startEngine(options?: {
    machine?: string;
    settings?: Partial<UploadSettings>;
    bytesPerSecond?: number;
    session?: SessionPort;
    /** Whether the machine keeps its queue; `restoreQueue` begins it. */
    keepQueue?: boolean;
  }): Engine;
  /** What the store has under the video's key. */
  readStored(videoId: number): Promise<Buffer>;
  stop(): Promise<void>;
}

/** A store behind a flaky proxy, the upload routes over it, and as many engines as the test asks for. */
export async function startEngineFixture(options: {
  store: 'disk' | 'minio';
  partSizeBytes: number;
  urlTtlSeconds?: number;
  /** Of MinIO: no ETag is an MD5. */
  encrypted?: boolean;
}): Promise<EngineFixture> {
  const cleanupStack = new CleanupStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'reelmill-engine-'));
  cleanupStack.add('folder', () => rm(folder, { recursive: true, force: true }));
  const transport = new NodeHttpTransport();
  try {
    const { store, proxy, meddler: storeMeddler } = await startStore(options, folder, cleanupStack);
    const api = await startUploadApi({ ...options, store });
    cleanupStack.add('api', () => api.close());
    const apiMeddler = await startMeddlingProxy(api.url);
    cleanupStack.add('api meddler', () => apiMeddler.close());
    cleanupStack.add('transport', () => transport.close());
    return {
      api,
      store,
      proxy,
      storeMeddler,
      apiMeddler,
      folder,
      makeFile: async (name, sizeBytes) => {
        const file = path.join(folder, name);
        await writeFile(file, randomBytes(sizeBytes));
        return file;
      },
      startEngine: ({ machine = 'here', settings, bytesPerSecond, session, keepQueue = false } = {}) => {
        const manager = new UploadManager({
          api: new ApiClient({ serverUrl: apiMeddler.url, transport, session: session ?? FIXED_SESSION }),
          transport,
          files: nodeFileSource,
          journal: new FileJournal(path.join(folder, machine)),
          clock: systemClock,
          digests: nodeDigests,
          scope: 'test',
          settings: { retry: TEST_RETRY, progressIntervalMs: 20, pollMs: 20, follow: false, ...settings },
          bytesPerSecond: bytesPerSecond ?? null,
          ...(keepQueue ? { queueStore: new QueueFile(path.join(folder, `${machine}-queue`), 'test') } : {}),
        });
        cleanupStack.add('engine', () => manager.close());
        return watch(manager);
      },
      readStored: async (videoId) => {
        const chunks: Buffer[] = [];
        for await (const chunk of await store.get(api.videos.get(videoId)?.key ?? '')) chunks.push(chunk);
        return Buffer.concat(chunks);
      },
      stop: () => cleanupStack.release(),
    };
  } catch (error) {
    await cleanupStack.release();
    throw error;
  }
}

const FIXED_SESSION: SessionPort = {
  accessToken: async () => 'valid',
  refresh: async () => 'valid',
};

async function startStore(
  { store: kind, encrypted = false }: { store: 'disk' | 'minio'; encrypted?: boolean },
  folder: string,
  cleanupStack: CleanupStack,
): Promise<{ store: ObjectStore; proxy: FlakyProxy; meddler: MeddlingProxy }> {
  if (kind === 'minio') {
    const minio = await startMinio(undefined, undefined, { encrypted });
    cleanupStack.add('minio', () => minio.stop());
    const meddler = await startMeddlingProxy(minio.endpoint);
    cleanupStack.add('meddler', () => meddler.close());
    const proxy = await startFlakyProxy(meddler.url);
    cleanupStack.add('proxy', () => proxy.close());
    const place = { publicEndpoint: proxy.url, bucket: 'engine', region: 'us-east-1' };
    const access = { ...signedByOwner(minio), ...place };
    await ensureBucket(access);
    const store = createMinioStore(access);
    cleanupStack.add('store', () => store.close());
    return { store, proxy, meddler };
  }
  let publicUrl = '';
  const store = await createDiskStore({
    root: path.join(folder, 'store'),
    signingSecret: 'a secret of this test',
    baseUrls: () => ({ public: publicUrl, internal: publicUrl }),
  });
  cleanupStack.add('store', () => store.close());
  const server = createServer((request, response) => void store.handle(request, response));
  const meddler = await startMeddlingProxy(await listen(server));
  const proxy = await startFlakyProxy(meddler.url);
  cleanupStack.add('store server', () => closeServer(server));
  cleanupStack.add('meddler', () => meddler.close());
  cleanupStack.add('proxy', () => proxy.close());
  publicUrl = proxy.url;
  return { store, proxy, meddler };
}

function watch(manager: UploadManager): Engine {
  const events: UploadEvent[] = [];
  manager.subscribe((event) => events.push(event));
  const see = (matches: (event: UploadEvent) => boolean): Promise<UploadEvent> =>
    new Promise((resolve) => {
      const past = events.find(matches);
      if (past !== undefined) return resolve(past);
      const leave = manager.subscribe((event) => {
        if (!matches(event)) return;
        leave();
        resolve(event);
      });
    });
  return {
    manager,
    events,
    see,
    reach: (id, ...states) =>
      new Promise((resolve, reject) => {
        const check = (upload: UploadSnapshot | undefined): boolean => {
          if (upload === undefined) return false;
          if (states.includes(upload.state)) resolve(upload);
          else if (upload.state === 'failed')
            reject(new Error(`the upload failed: ${upload.failure?.message}`));
          else return false;
          return true;
        };
        if (check(manager.uploads.find((upload) => upload.id === id))) return;
        const leave = manager.subscribe((event) => {
          if (event.type === 'state' && event.upload.id === id && check(event.upload)) leave();
        });
      }),
  };
}

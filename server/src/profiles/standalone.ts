import path from 'node:path';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { createMemoryQueue } from '@reelmill/shared/drivers/memoryQueue.ts';
import { countUsableCpus } from '@reelmill/shared/runtime/cpuQuota.ts';
import type { Profile, StoreInput } from './profiles.ts';
import { deriveSecrets, readOrCreateSecret, SECRETS_FILE, type Secrets } from './secrets.ts';

const STORE_PATH = '/store';
/** Somebody pressed Ctrl-C and waits; what is not finished then is done again at the next start. */
const WORKER_DRAIN_SECONDS = 3;

/** Everything in one process and one folder. */
export const standalone: Profile = {
  locateDatabase: ({ dataDir }) => ({ sqliteFile: path.join(dataDir, 'reelmill.db') }),

  readSecrets: async ({ JWT_SECRET, dataDir }) =>
    deriveSecrets(JWT_SECRET ?? (await readOrCreateSecret(path.join(dataDir, SECRETS_FILE)))),

  openStore: openDiskStore,

  async build(input) {
    const { config, logger } = input;
    const { dataDir } = config;
    const secrets = await standalone.readSecrets(config);
    const store = await openDiskStore(input, secrets);
    const queue = createMemoryQueue({ logger });
    return {
      secrets,
      store,
      queue,
      storeHandlers: [
        {
          path: STORE_PATH,
          handler: async (request, response, next) => {
            if (!(await store.handle(request, response))) next();
          },
        },
      ],
      async startCompanions(releasers) {
        if (!config.EMBEDDED_WORKER) return;
        // loaded only where it runs: a server of the distributed profile needs none of it
        const { startWorker } = await import('@reelmill/worker/worker.ts');
        const worker = await startWorker({
          store,
          queue,
          logger,
          config: {
            workerId: 'embedded',
            workDir: path.join(dataDir, 'work'),
            threads: countUsableCpus(),
            drainSeconds: WORKER_DRAIN_SECONDS,
          },
        });
        releasers.add('embedded worker', () => worker.stop());
      },
    };
  },
};

function openDiskStore({ config, publicUrl, localUrl }: StoreInput, secrets: Secrets): Promise<DiskStore> {
  return createDiskStore({
    root: path.join(config.dataDir, 'objects'),
    signingSecret: secrets.storeUrls,
    minFreeBytes: config.MIN_FREE_BYTES,
    baseUrls: { public: `${publicUrl}${STORE_PATH}`, internal: `${localUrl}${STORE_PATH}` },
  });
}

import path from 'node:path';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { createMemoryQueue } from '@reelmill/shared/drivers/memoryQueue.ts';
import { countUsableCpus } from '@reelmill/shared/runtime/cpuQuota.ts';
import { EmbeddedWorker } from './embeddedWorker.ts';
import type { Profile, StoreInput } from './profiles.ts';
import { deriveSecrets, readOrCreateSecret, SECRETS_FILE, type Secrets } from './secrets.ts';

const STORE_PATH = '/store';
/** Somebody pressed Ctrl-C and waits; what is not finished then is done again at the next start. */
const WORKER_DRAIN_SECONDS = 3;

/** Everything in one server and one folder; its worker is a child process, so that no file can end the server. */
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
        const worker = new EmbeddedWorker({
          queue,
          logger,
          start: {
            type: 'start',
            logLevel: config.LOG_LEVEL,
            worker: {
              workerId: 'embedded',
              workDir: path.join(dataDir, 'work'),
              threads: countUsableCpus(),
              drainSeconds: WORKER_DRAIN_SECONDS,
            },
            store: diskStoreOptions(input, secrets),
            tracing: config,
          },
        });
        releasers.add('embedded worker', () => worker.stop());
      },
    };
  },
};

function openDiskStore(input: StoreInput, secrets: Secrets): Promise<DiskStore> {
  return createDiskStore(diskStoreOptions(input, secrets));
}

/** The same for the server and its worker: both write to the folder, and what one signs the other serves. */
function diskStoreOptions({ config, publicUrl, localUrl }: StoreInput, secrets: Secrets) {
  return {
    root: path.join(config.dataDir, 'objects'),
    signingSecret: secrets.storeUrls,
    baseUrls: { public: `${publicUrl}${STORE_PATH}`, internal: `${localUrl}${STORE_PATH}` },
  };
}

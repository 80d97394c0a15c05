import path from 'node:path';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { createMemoryQueue } from '@reelmill/shared/drivers/memoryQueue.ts';
import { countUsableCpus } from '@reelmill/shared/runtime/cpuQuota.ts';
import { restrictToOwner } from '@reelmill/shared/runtime/filePermissions.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { deriveSecrets, readOrCreateSecret, SECRETS_FILE, type Secrets } from '../context/secrets.ts';
import { lockDataFolder } from './dataFolder.ts';
import { EmbeddedWorker } from './embeddedWorker.ts';
import type { Profile, ProfileInput, ProfileParts, StoreInput } from './profile.ts';

const STORE_PATH = '/store';
/** Short, since somebody may wait after Ctrl-C; an unfinished task is run again at the next start. */
const WORKER_DRAIN_SECONDS = 3;

/** Names of the files of server and demo in the data folder. */
const OWN_NAMES =
  /^(reelmill\.db(-.+|\.restoring.*)?|objects|work|secrets\.json(\.new)?|server\.lock|demo|demo\.log)$/;

/** Everything in one server and one folder; its worker is a child process, so that no media file can crash the server. */
export const standalone: Profile = {
  locateDatabase: ({ dataDir }) => ({ sqliteFile: path.join(dataDir, 'reelmill.db') }),

  readSecrets: async ({ JWT_SECRET, dataDir }) =>
    deriveSecrets(JWT_SECRET ?? (await readOrCreateSecret(path.join(dataDir, SECRETS_FILE)))),

  openStore: openDiskStore,

  async build(input) {
    const release = await lockDataFolder(input.config.dataDir);
    try {
      return { ...(await buildIn(input)), release };
    } catch (error) {
      release();
      throw error;
    }
  },
};

async function buildIn(input: ProfileInput): Promise<Omit<ProfileParts, 'release'>> {
  const { config, logger } = input;
  const { dataDir } = config;
  await restrictDataFolder(dataDir, logger);
  const secrets = await standalone.readSecrets(config);
  const store = await openDiskStore(input, secrets);
  const queue = createMemoryQueue({ logger });
  return {
    secrets,
    store,
    queue,
    // the folder exists already
    prepare: { store: async () => {}, queue: async () => {} },
    storeHandlers: [
      {
        path: STORE_PATH,
        handler: async (request, response, next) => {
          if (!(await store.handle(request, response))) next();
        },
      },
    ],
    async startCompanions(cleanupStack) {
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
            minScratchBytes: config.MIN_SCRATCH_BYTES,
            confineMedia: config.CONFINE_MEDIA,
            verifyDecodePercent: config.VERIFY_DECODE_PERCENT,
          },
          store: diskStoreOptions(input, secrets),
          tracing: config,
        },
      });
      cleanupStack.add('embedded worker', () => worker.stop());
    },
  };
}

/** Earlier versions created the data folder readable for every user of the machine. */
async function restrictDataFolder(dataDir: string, logger: Logger): Promise<void> {
  try {
    const { changed, foreign } = await restrictToOwner(dataDir, (name) => OWN_NAMES.test(name));
    if (changed > 0) logger.info({ dataDir, changed }, 'data folder closed to other users');
    if (foreign.length > 0)
      logger.warn({ dataDir, foreign }, 'data folder holds files of others, its mode is kept');
  } catch (error) {
    logger.warn({ err: error, dataDir }, 'data folder cannot be closed to other users');
  }
}

function openDiskStore(input: StoreInput, secrets: Secrets): Promise<DiskStore> {
  return createDiskStore(diskStoreOptions(input, secrets));
}

/** The same options for server and worker: both write to the folder, and the server serves URLs that the worker signs. */
function diskStoreOptions({ config, publicUrl, localUrl }: StoreInput, secrets: Secrets) {
  return {
    root: path.join(config.dataDir, 'objects'),
    signingSecret: secrets.storeUrls,
    minFreeBytes: config.MIN_FREE_BYTES,
    baseUrls: { public: `${publicUrl}${STORE_PATH}`, internal: `${localUrl}${STORE_PATH}` },
  };
}

import path from 'node:path';
import { createDiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { createMemoryQueue } from '@reelmill/shared/drivers/memoryQueue.ts';
import type { Profile } from './profiles.ts';
import { deriveSecrets, readOrCreateSecret } from './secrets.ts';

const STORE_PATH = '/store';

/** Everything in one process and one folder. */
export const standalone: Profile = {
  locateDatabase: ({ dataDir }) => ({ sqliteFile: path.join(dataDir, 'reelmill.db') }),

  async build({ config, logger, publicUrl, localUrl }) {
    const { dataDir } = config;
    const secret = config.JWT_SECRET ?? (await readOrCreateSecret(path.join(dataDir, 'secrets.json')));
    const secrets = deriveSecrets(secret);
    const store = await createDiskStore({
      root: path.join(dataDir, 'objects'),
      signingSecret: secrets.storeUrls,
      baseUrls: { public: `${publicUrl}${STORE_PATH}`, internal: `${localUrl}${STORE_PATH}` },
    });
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
      startCompanions: async () => {},
    };
  },
};

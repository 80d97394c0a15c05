import { assertBrokerAccess } from '@reelmill/shared/drivers/amqp/brokerAccess.ts';
import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import { assertKnownUser, openBucket } from '@reelmill/shared/drivers/minio/storeAccess.ts';
import { createMinioStore } from '@reelmill/shared/drivers/minioStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { deriveSecrets } from '../context/secrets.ts';
import type { Profile } from './profile.ts';

/** MySQL, RabbitMQ and an S3-compatible store; workers are processes of their own. */
export const distributed: Profile = {
  locateDatabase: (config) => ({ url: required(config.DATABASE_URL) }),

  readSecrets: async (config) => deriveSecrets(required(config.JWT_SECRET)),

  async openStore({ config }) {
    await prepareStore(config);
    return createMinioStore(bucketOf(config));
  },

  async build(input) {
    const { config, logger } = input;
    const url = required(config.AMQP_URL);
    return {
      secrets: await distributed.readSecrets(config),
      store: createMinioStore(bucketOf(config)),
      queue: createAmqpQueue({ url, taskQueue: config.TASK_QUEUE, role: 'server', logger }),
      storeHandlers: [],
      prepare: { store: () => prepareStore(config), queue: () => assertBrokerAccess(url) },
      release: () => {},
      startCompanions: async () => {},
    };
  },
};

/** Checks the bucket and its users: that of the server, and those that sign URLs. Throws as `openBucket` does. */
async function prepareStore(config: ServerConfig): Promise<void> {
  const { endpoint, region, bucket, accessKey, secretKey, publicSigners } = bucketOf(config);
  const store = { endpoint, region };
  const settings = { accessKey: 'S3_ACCESS_KEY', secretKey: 'S3_SECRET_KEY' };
  await openBucket({ ...store, accessKey, secretKey, settings }, bucket);
  const ofUpload = { accessKey: 'S3_UPLOAD_ACCESS_KEY', secretKey: 'S3_UPLOAD_SECRET_KEY' };
  await assertKnownUser({ ...store, ...publicSigners.upload, settings: ofUpload }, bucket);
  const ofPlayback = { accessKey: 'S3_PLAYBACK_ACCESS_KEY', secretKey: 'S3_PLAYBACK_SECRET_KEY' };
  await assertKnownUser({ ...store, ...publicSigners.playback, settings: ofPlayback }, bucket);
}

function bucketOf(config: ServerConfig) {
  const endpoint = required(config.S3_ENDPOINT);
  return {
    endpoint,
    publicEndpoint: config.S3_PUBLIC_ENDPOINT ?? endpoint,
    accessKey: required(config.S3_ACCESS_KEY),
    secretKey: required(config.S3_SECRET_KEY),
    publicSigners: {
      upload: {
        accessKey: required(config.S3_UPLOAD_ACCESS_KEY),
        secretKey: required(config.S3_UPLOAD_SECRET_KEY),
      },
      playback: {
        accessKey: required(config.S3_PLAYBACK_ACCESS_KEY),
        secretKey: required(config.S3_PLAYBACK_SECRET_KEY),
      },
    },
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
  };
}

/** The configuration requires these values for the distributed profile, but its type does not express that. */
function required(value: string | undefined): string {
  if (value === undefined) throw new Error('the configuration of the distributed profile is incomplete');
  return value;
}

import { createAmqpQueue } from '@reelmill/shared/drivers/amqpQueue.ts';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import type { Profile } from './profiles.ts';
import { deriveSecrets } from './secrets.ts';

/** MySQL, RabbitMQ and an S3-compatible store; workers are processes of their own. */
export const distributed: Profile = {
  locateDatabase: (config) => ({ url: required(config.DATABASE_URL) }),

  readSecrets: async (config) => deriveSecrets(required(config.JWT_SECRET)),

  async openStore({ config }) {
    const endpoint = required(config.S3_ENDPOINT);
    const bucket = {
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
    await ensureBucket(bucket);
    return createMinioStore(bucket);
  },

  async build(input) {
    const { config, logger } = input;
    const secrets = await distributed.readSecrets(config);
    return {
      secrets,
      store: await distributed.openStore(input, secrets),
      queue: createAmqpQueue({
        url: required(config.AMQP_URL),
        taskQueue: config.TASK_QUEUE,
        role: 'server',
        logger,
      }),
      storeHandlers: [],
      startCompanions: async () => {},
    };
  },
};

/** The config's reader lets no distributed profile pass without these; its type cannot say so. */
function required(value: string | undefined): string {
  if (value === undefined) throw new Error('the configuration of the distributed profile is incomplete');
  return value;
}

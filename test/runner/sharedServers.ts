import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { buildWhereNeeded } from '../support/desktopBuild.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { startMinio } from '../support/minio.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';
import type { Need } from './suites.ts';

/** The environment that points test files to the servers of this run. */
export type ServerAddresses = Record<string, string>;

/**
 * Starts each needed server once, side by side, and adds it to `cleanupStack`; builds the app. Where one does not start,
 * throws after the others have settled.
 */
export async function startSharedServers(
  needs: ReadonlySet<Need>,
  cleanupStack: CleanupStack,
): Promise<ServerAddresses> {
  const starters: Partial<Record<Need, () => Promise<ServerAddresses>>> = {
    MariaDB: async () => {
      const given = process.env.REELMILL_TEST_MYSQL_URL;
      if (given) return { REELMILL_TEST_MYSQL_URL: given };
      const mariaDb = await startMariaDb();
      cleanupStack.add('MariaDB', mariaDb.dispose);
      return { REELMILL_TEST_MYSQL_URL: mariaDb.url };
    },
    RabbitMQ: async () => {
      const rabbitMq = await startRabbitMq();
      cleanupStack.add('RabbitMQ', rabbitMq.dispose);
      return { REELMILL_TEST_AMQP_URL: rabbitMq.url };
    },
    // built once, before test files that run side by side would each do it
    'the built app': async () => {
      await buildWhereNeeded();
      return {};
    },
    MinIO: async () => {
      const minio = await startMinio();
      cleanupStack.add('MinIO', minio.stop);
      return {
        REELMILL_TEST_S3_ENDPOINT: minio.endpoint,
        REELMILL_TEST_S3_ACCESS_KEY: minio.accessKey,
        REELMILL_TEST_S3_SECRET_KEY: minio.secretKey,
      };
    },
  };
  const results = await Promise.allSettled([...needs].map((need) => starters[need]?.() ?? {}));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length > 0) throw new AggregateError(failures, 'not every server could be started');
  return Object.assign({}, ...results.map((result) => (result.status === 'fulfilled' ? result.value : {})));
}

import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { type QueryInterface, QueryTypes, type Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import * as foundation from './migrations/0001-foundation.ts';
import * as fingerprints from './migrations/0002-fingerprints.ts';
import * as administration from './migrations/0003-administration.ts';
import * as webhooks from './migrations/0004-webhooks.ts';
import * as retention from './migrations/0005-retention.ts';
import * as traces from './migrations/0006-traces.ts';
import * as sourceGeneration from './migrations/0007-source-generation.ts';
import * as userLimits from './migrations/0008-user-limits.ts';
import * as shareLinks from './migrations/0009-share-links.ts';
import * as knownDevices from './migrations/0010-known-devices.ts';
import * as lostLeases from './migrations/0011-lost-leases.ts';
import * as workerConfinement from './migrations/0012-worker-confinement.ts';
import * as blame from './migrations/0013-blame.ts';
import * as attemptTags from './migrations/0014-attempt-tags.ts';
import * as plausibility from './migrations/0015-plausibility.ts';
import * as damagedTries from './migrations/0016-damaged-tries.ts';
import * as workerFfmpeg from './migrations/0019-worker-ffmpeg.ts';

/** In the order of their names. Each only adds, since servers of the previous version run beside it during an upgrade. */
export const MIGRATIONS: readonly Migration[] = [
  foundation,
  fingerprints,
  administration,
  webhooks,
  retention,
  traces,
  sourceGeneration,
  userLimits,
  shareLinks,
  knownDevices,
  lostLeases,
  workerConfinement,
  blame,
  attemptTags,
  plausibility,
  damagedTries,
  workerFfmpeg,
];
const LOCK = 'reelmill_migrations';
const LOCK_TIMEOUT_SECONDS = 120;

export interface Migration {
  name: string;
  /** Safe to repeat after it was interrupted. */
  up(schema: QueryInterface): Promise<void>;
}

/** A newer version has migrated the database; this one could lose data that it does not know. */
export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
  readonly code = 'schema_too_new';

  constructor(unknown: readonly string[], newest: string) {
    super(
      `The database was upgraded by a newer version of Reelmill (${unknown.join(', ')}); this version knows migrations up ` +
        `to ${newest}. Start the newer version, or restore the backup that was made before the upgrade.`,
    );
  }
}

/**
 * Applies the missing migrations, one replica at a time; the others wait and then find nothing to do. Throws
 * SchemaTooNewError, and changes nothing, where the database is newer.
 */
export async function migrate(
  sequelize: Sequelize,
  logger: Logger,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const storage = new SequelizeStorage({ sequelize, tableName: 'migrations' });
  const umzug = new Umzug<QueryInterface>({
    migrations: migrations.map((migration) => ({
      name: migration.name,
      up: ({ context }) => migration.up(context),
    })),
    context: sequelize.getQueryInterface(),
    storage,
    logger: undefined,
  });
  umzug.on('migrated', ({ name }) => logger.info({ migration: name }, 'schema migrated'));
  await withMigrationLock(sequelize, async () => {
    assertKnown(await storage.executed(), migrations);
    await umzug.up();
  });
}

function assertKnown(executed: readonly string[], migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = executed.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new SchemaTooNewError(unknown, migrations.at(-1)?.name ?? '');
}

/** The transaction keeps the connection that holds MySQL's named lock. A SQLite file has only one server. */
async function withMigrationLock(sequelize: Sequelize, work: () => Promise<void>): Promise<void> {
  if (sequelize.getDialect() === 'sqlite') return work();
  await sequelize.transaction(async (transaction) => {
    const [row] = await sequelize.query<{ acquired: number | null }>(
      'SELECT GET_LOCK(:lock, :timeout) AS acquired',
      { type: QueryTypes.SELECT, replacements: { lock: LOCK, timeout: LOCK_TIMEOUT_SECONDS }, transaction },
    );
    if (row?.acquired !== 1)
      throw new ReelmillError('unavailable', 'Another server is still migrating the schema.');
    try {
      await work();
    } finally {
      await sequelize.query('SELECT RELEASE_LOCK(:lock)', { replacements: { lock: LOCK }, transaction });
    }
  });
}

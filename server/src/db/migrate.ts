import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { type QueryInterface, QueryTypes, type Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import * as foundation from './migrations/0001-foundation.ts';
import * as fingerprints from './migrations/0002-fingerprints.ts';
import * as administration from './migrations/0003-administration.ts';
import * as webhooks from './migrations/0004-webhooks.ts';
import * as traces from './migrations/0006-traces.ts';

const MIGRATIONS = [foundation, fingerprints, administration, webhooks, traces];
const LOCK = 'reelmill_migrations';
const LOCK_TIMEOUT_SECONDS = 120;

/** Applies what is missing, one replica at a time; the others wait and then find nothing left to do. */
export async function migrate(sequelize: Sequelize, logger: Logger): Promise<void> {
  const umzug = new Umzug<QueryInterface>({
    migrations: MIGRATIONS.map((migration) => ({
      name: migration.name,
      up: ({ context }) => migration.up(context),
    })),
    context: sequelize.getQueryInterface(),
    storage: new SequelizeStorage({ sequelize, tableName: 'migrations' }),
    logger: undefined,
  });
  umzug.on('migrated', ({ name }) => logger.info({ migration: name }, 'schema migrated'));
  await withMigrationLock(sequelize, async () => {
    await umzug.up();
  });
}

/** MySQL's named lock lives on one connection, which the transaction keeps. A SQLite file has one server only. */
async function withMigrationLock(sequelize: Sequelize, work: () => Promise<void>): Promise<void> {
  if (sequelize.getDialect() === 'sqlite') return work();
  await sequelize.transaction(async (transaction) => {
    const [row] = await sequelize.query<{ acquired: number | null }>(
      'SELECT GET_LOCK(:lock, :timeout) AS acquired',
      { type: QueryTypes.SELECT, replacements: { lock: LOCK, timeout: LOCK_TIMEOUT_SECONDS }, transaction },
    );
    if (row?.acquired !== 1) throw new Error('another replica has been migrating the schema for too long');
    try {
      await work();
    } finally {
      await sequelize.query('SELECT RELEASE_LOCK(:lock)', { replacements: { lock: LOCK }, transaction });
    }
  });
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { Sequelize, Transaction } from 'sequelize';
import { migrate } from './migrate.ts';
import { defineModels, type Models } from './models.ts';
import { sqliteDialectModule } from './sqliteDialect.ts';

export type DatabaseLocation = { sqliteFile: string } | { url: string };

/** A migrated database: its models, and transactions. */
export interface Database {
  readonly models: Models;
  /** Runs `work` in one transaction; whatever `work` does must carry it. Rolled back when `work` rejects. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Throws where the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Connects, brings the schema up to date (safe with several replicas starting together) and binds the models. */
export async function openDatabase(location: DatabaseLocation, logger: Logger): Promise<Database> {
  const sequelize = await connect(location);
  try {
    await migrate(sequelize, logger);
  } catch (error) {
    await sequelize.close();
    throw error;
  }
  return {
    models: defineModels(sequelize),
    // READ COMMITTED: claims are conditional updates, and gap locks would make dispatchers wait for each other
    transaction: (work) =>
      sequelize.transaction({ isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }, work),
    check: async () => {
      await sequelize.query('SELECT 1');
    },
    close: () => sequelize.close(),
  };
}

async function connect(location: DatabaseLocation): Promise<Sequelize> {
  if ('url' in location) {
    return new Sequelize(location.url, {
      dialect: 'mysql',
      logging: false,
      timezone: '+00:00',
      pool: { max: 10, acquire: 15_000 },
      dialectOptions: { connectTimeout: 10_000, charset: 'utf8mb4' },
      define: { charset: 'utf8mb4' },
      retry: { max: 3, match: [/ER_LOCK_DEADLOCK/, /ECONNRESET/, /PROTOCOL_CONNECTION_LOST/] },
    });
  }
  await mkdir(path.dirname(location.sqliteFile), { recursive: true });
  return new Sequelize({
    dialect: 'sqlite',
    storage: location.sqliteFile,
    dialectModule: sqliteDialectModule,
    logging: false,
    transactionType: Transaction.TYPES.IMMEDIATE,
  });
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { retry } from '@reelmill/shared/runtime/retry.ts';
import { BaseError, QueryTypes, Sequelize, Transaction } from 'sequelize';
import { migrate } from './migrate.ts';
import { defineModels, type Models } from './models.ts';
import { classifyOpenFailure } from './openFailure.ts';
import { mysqlWithQueryLimit, QUERY_LIMIT_MS, type QueryLimit } from './queryLimit.ts';
import { sqliteDialectModule } from './sqliteDialect.ts';

export type DatabaseLocation = { sqliteFile: string } | { url: string };

/** A migrated database: its models, and transactions. */
export interface Database {
  readonly models: Models;
  /**
   * Runs `work` in one transaction; every query of `work` must pass it on. Rolls back when `work` rejects. After a
   * deadlock `work` runs again from its beginning, so it must have no effect outside the transaction.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Returns the time of the database's clock; null where that is this process's own. Throws where it is unreachable. */
  now(): Promise<Date | null>;
  /** Throws where the database does not respond. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects, migrates the schema (safe with several replicas that start together) and binds the models. Throws
 * `unavailable` while the database is unreachable, ConfigError where it rejects user, password or name, SchemaTooNewError.
 * A query of MySQL or MariaDB that takes longer than `queryLimitMs` fails like one whose connection was lost.
 */
export async function openDatabase(
  location: DatabaseLocation,
  logger: Logger,
  { queryLimitMs = QUERY_LIMIT_MS } = {},
): Promise<Database> {
  // the migration of a large table may take longer than a query may
  const limit: QueryLimit = { ms: null };
  const sequelize = await connect(location, limit);
  try {
    await migrate(sequelize, logger);
  } catch (error) {
    await sequelize.close();
    throw 'url' in location ? classifyOpenFailure(error) : error;
  }
  limit.ms = queryLimitMs;
  return {
    models: defineModels(sequelize),
    transaction: (work) =>
      withDeadlockRetry(() =>
        // READ COMMITTED: claims are conditional updates, and gap locks would make dispatchers wait for each other
        sequelize.transaction({ isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }, work),
      ),
    now: () => readClock(sequelize),
    check: async () => {
      await sequelize.query('SELECT 1');
    },
    close: () => sequelize.close(),
  };
}

async function readClock(sequelize: Sequelize): Promise<Date | null> {
  if (sequelize.getDialect() === 'sqlite') return null;
  const [row] = await sequelize.query<{ seconds: string }>('SELECT UNIX_TIMESTAMP(NOW(3)) AS seconds', {
    type: QueryTypes.SELECT,
  });
  return row === undefined ? null : new Date(Number(row.seconds) * 1000);
}

/** Connects without migrating the schema. */
export async function connect(
  location: DatabaseLocation,
  limit: QueryLimit = { ms: null },
): Promise<Sequelize> {
  if ('url' in location) {
    const { address, tls } = readAddress(location.url);
    return new Sequelize(address, {
      dialect: 'mysql',
      dialectModule: mysqlWithQueryLimit(limit),
      logging: false,
      timezone: '+00:00',
      pool: { max: 10, acquire: 15_000 },
      dialectOptions: { connectTimeout: 10_000, charset: 'utf8mb4', ...tls },
      define: { charset: 'utf8mb4' },
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

/** `?ssl=true` enables TLS with a certificate that Node trusts and that names the host. */
function readAddress(url: string): { address: string; tls: { ssl?: { verifyIdentity: true } } } {
  const address = new URL(url);
  const secure = address.searchParams.get('ssl') === 'true';
  address.searchParams.delete('ssl');
  return { address: address.href, tls: secure ? { ssl: { verifyIdentity: true } } : {} };
}

const MAX_DEADLOCK_ATTEMPTS = 4;

/**
 * Repeats the whole transaction, since the database has rolled it back as a whole: repeating only the statement, as
 * Sequelize's own `retry` does, would run the rest outside any transaction.
 */
function withDeadlockRetry<T>(run: () => Promise<T>): Promise<T> {
  const shouldRetry = (error: unknown, attempt: number): boolean =>
    attempt < MAX_DEADLOCK_ATTEMPTS && isDeadlock(error);
  return retry(run, { shouldRetry });
}

function isDeadlock(error: unknown): boolean {
  return error instanceof BaseError && /deadlock/i.test(error.message);
}

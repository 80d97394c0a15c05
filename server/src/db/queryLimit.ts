import mysql2, { type Connection } from 'mysql2';

/**
 * Longer than a statement waits for a lock (50 s in MySQL and MariaDB), so that the database reports its own timeout first.
 * The limit applies to a database that hangs as a whole or whose connection is silently lost.
 */
export const QUERY_LIMIT_MS = 60_000;

/** How long a query may take; null: no limit, as while the schema is migrated. */
export interface QueryLimit {
  ms: number | null;
}

type Run = (...args: unknown[]) => unknown;
/** A connection as it is used here; mysql2 does not declare its socket, whose error every pending query receives. */
type Limitable = Record<'query' | 'execute', Run> & { stream: { destroy(error: Error): void } };

/**
 * Returns the mysql2 module with a limit on the time of every query. A query beyond it fails with the code `ETIMEDOUT`, and
 * its connection is destroyed, since a late result could reach another query.
 */
export function mysqlWithQueryLimit(limit: QueryLimit): object {
  return {
    ...mysql2,
    createConnection(...args: Parameters<typeof mysql2.createConnection>): Connection {
      const connection = mysql2.createConnection(...args);
      const limitable = connection as unknown as Limitable; // the declared types are overloads, and leave out the socket
      for (const name of ['query', 'execute'] as const) {
        limitable[name] = limited(limitable[name].bind(connection), limit, (ms) =>
          limitable.stream.destroy(timeoutError(ms)),
        );
      }
      return connection;
    },
  };
}

/** Sequelize always passes a callback as the last argument. */
function limited(run: Run, limit: QueryLimit, onTimeout: (ms: number) => void): Run {
  return (...args) => {
    const { ms } = limit;
    const callback = args.pop();
    if (ms === null || typeof callback !== 'function') return run(...args, callback);
    const timer = setTimeout(() => onTimeout(ms), ms);
    return run(...args, (...outcome: unknown[]) => {
      clearTimeout(timer);
      callback(...outcome);
    });
  };
}

function timeoutError(ms: number): Error {
  const message = `The database did not respond within ${ms / 1000} s`;
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}

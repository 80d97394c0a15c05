import mysql2, { type Connection } from 'mysql2';

/**
 * Longer than a statement waits for a lock (50 s in MySQL and MariaDB): the database says first what it waits for. Only
 * one that hangs as a whole, or is cut off without a word, does not.
 */
export const QUERY_LIMIT_MS = 60_000;

/** How long a query may take; null for as long as it likes, as while the schema is migrated. */
export interface QueryLimit {
  ms: number | null;
}

type Run = (...args: unknown[]) => unknown;
/** A connection as it is used here; mysql2 does not declare its socket, whose error every query of it gets. */
type Limitable = Record<'query' | 'execute', Run> & { stream: { destroy(error: Error): void } };

/**
 * The mysql2 module with connections whose every query ends within the limit. One that does not fails with the code
 * `ETIMEDOUT`, and its connection is destroyed: nobody knows what it would still say, and to whom.
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

/** Sequelize always gives a callback, and gives it last. */
function limited(run: Run, limit: QueryLimit, giveUp: (ms: number) => void): Run {
  return (...args) => {
    const { ms } = limit;
    const callback = args.pop();
    if (ms === null || typeof callback !== 'function') return run(...args, callback);
    const timer = setTimeout(() => giveUp(ms), ms);
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

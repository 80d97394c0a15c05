import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';

/**
 * The part of the `sqlite3` package's interface that Sequelize's SQLite dialect calls, over Node's built-in SQLite: no
 * compiler, no download. Passed to Sequelize as `dialectModule`.
 *
 * The built-in calls are synchronous, so a statement that waited inside SQLite for another connection's lock would
 * block the event loop that has to release it. Writers of one file therefore queue here, asynchronously: a
 * transaction holds its file's lock from BEGIN to COMMIT or ROLLBACK, a single write holds it for itself. Readers do not
 * wait (write-ahead log).
 */

type Callback = (this: unknown, error: Error | null, rows?: unknown[]) => void;
type Parameters = Record<string, unknown> | readonly unknown[];

const LOCK_TIMEOUT_MS = 30_000;
const BUSY_TIMEOUT_MS = 5_000;

/** The lock of one database file; writers wait for it in order. */
class WriteLock {
  static readonly #byFile = new Map<string, WriteLock>();
  #tail: Promise<void> = Promise.resolve();

  static of(file: string): WriteLock {
    const lock = WriteLock.#byFile.get(file) ?? new WriteLock();
    WriteLock.#byFile.set(file, lock);
    return lock;
  }

  /** Returns a function that releases the lock. Throws SQLITE_BUSY, as SQLite would, after 30 s. */
  async acquire(): Promise<() => void> {
    const before = this.#tail;
    let release: () => void = () => {};
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await withTimeout(before, LOCK_TIMEOUT_MS, () => codedError('SQLITE_BUSY', 'database is locked'));
    } catch (error) {
      before.then(release);
      throw error;
    }
    return release;
  }
}

/** `this` in a callback of `run`; Sequelize reads the name of the class. */
class Statement {
  readonly lastID: number;
  readonly changes: number;

  constructor(lastID: number, changes: number) {
    this.lastID = lastID;
    this.changes = changes;
  }
}

class Database {
  readonly filename: string;
  /** Set by Sequelize: the transaction this connection serves. */
  uuid: string | undefined;
  readonly #database: DatabaseSync;
  readonly #lock: WriteLock;
  #releaseLock: (() => void) | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(filename: string, _mode: number, callback: Callback) {
    this.filename = filename;
    this.#lock = WriteLock.of(filename);
    this.#database = new DatabaseSync(filename, { timeout: BUSY_TIMEOUT_MS });
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    queueMicrotask(() => callback.call(this, null));
  }

  serialize(work: () => void): void {
    work();
  }

  run(sql: string, parameters?: Parameters, callback?: Callback): void {
    this.#enqueue(sql, callback, () => {
      const { named, positional } = bind(parameters);
      const { changes, lastInsertRowid } = this.#prepare(sql).run(named, ...positional);
      return { self: new Statement(Number(lastInsertRowid), Number(changes)), rows: [] };
    });
  }

  all(sql: string, second?: Parameters | Callback, third?: Callback): void {
    const [parameters, callback] = typeof second === 'function' ? [undefined, second] : [second, third];
    this.#enqueue(sql, callback, () => {
      const statement = this.#prepare(sql);
      const { named, positional } = bind(parameters);
      return { self: statement, rows: statement.all(named, ...positional) };
    });
  }

  close(callback?: Callback): void {
    this.#queue = this.#queue.then(() => {
      this.#endTransaction();
      if (this.#database.isOpen) this.#database.close();
      callback?.call(this, null);
    });
  }

  #prepare(sql: string) {
    const statement = this.#database.prepare(sql);
    statement.setAllowUnknownNamedParameters(true);
    return statement;
  }

  #enqueue(
    sql: string,
    callback: Callback | undefined,
    execute: () => { self: unknown; rows: unknown[] },
  ): void {
    this.#queue = this.#queue.then(async () => {
      try {
        const { self, rows } = await this.#withLock(sql, execute);
        callback?.call(self, null, rows);
      } catch (error) {
        callback?.call(this, asSqliteError(error));
      }
    });
  }

  async #withLock<T>(sql: string, execute: () => T): Promise<T> {
    if (/^\s*(COMMIT|ROLLBACK)\b(?!\s+TO)/i.test(sql)) {
      try {
        return execute();
      } finally {
        this.#endTransaction();
      }
    }
    if (/^\s*(SELECT|PRAGMA)\b/i.test(sql) || this.#releaseLock) return execute();
    const release = await this.#lock.acquire();
    if (!/^\s*BEGIN\b/i.test(sql)) {
      try {
        return execute();
      } finally {
        release();
      }
    }
    try {
      const result = execute();
      this.#releaseLock = release;
      return result;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Also after a failed COMMIT, as on a full disk: Sequelize sends no ROLLBACK after it. */
  #endTransaction(): void {
    try {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } finally {
      this.#releaseLock?.();
      this.#releaseLock = undefined;
    }
  }
}

function bind(parameters: Parameters = []): {
  named: Record<string, SQLInputValue>;
  positional: SQLInputValue[];
} {
  if (Array.isArray(parameters)) return { named: {}, positional: parameters.map(toSqlite) };
  const named = Object.entries(parameters).map(([name, value]) => [name, toSqlite(value)]);
  return { named: Object.fromEntries(named), positional: [] };
}

function toSqlite(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite does not support ${typeof value}`);
}

/** Adds the codes by which Sequelize recognizes unique violations and busy databases. */
function asSqliteError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (/constraint failed/i.test(error.message)) return codedError('SQLITE_CONSTRAINT', error.message);
  if (/database is (locked|busy)/i.test(error.message)) return codedError('SQLITE_BUSY', error.message);
  return error;
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

export const sqliteDialectModule = { Database, OPEN_READONLY: 1, OPEN_READWRITE: 2, OPEN_CREATE: 4 };

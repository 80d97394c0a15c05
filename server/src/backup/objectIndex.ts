import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const rowSchema = z.object({
  key: z.string(),
  size_bytes: z.number(),
  etag: z.string(),
  md5: z.string(),
  content_type: z.string(),
});

/** What is known about one object in a backup. */
export interface IndexedObject {
  key: string;
  sizeBytes: number;
  /** The store's own, which for an object that was uploaded in parts is no MD5. */
  etag: string;
  md5: string;
  contentType: string;
}

/** A write is on the disk after `close` or `flush`; until then it is the next backup that finds out what is missing. */
const SET_UP = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, etag TEXT NOT NULL, md5 TEXT NOT NULL,
    content_type TEXT NOT NULL, round TEXT NOT NULL
  ) WITHOUT ROWID;
`;

/**
 * The objects of a backup: a small database, so that a library of millions neither fills the memory nor is written anew
 * each time. One process at a time has it open; a second one is refused.
 */
export class ObjectIndex {
  readonly #database: DatabaseSync;
  readonly #writes: boolean;

  private constructor(database: DatabaseSync, writes: boolean) {
    this.#database = database;
    this.#writes = writes;
  }

  /** Throws where another process has it open. */
  static openToWrite(file: string): ObjectIndex {
    const database = new DatabaseSync(file, { timeout: 1_000 });
    try {
      database.exec(SET_UP);
    } catch (cause) {
      database.close();
      throw new Error(`${file} cannot be written; does another backup go into this folder?`, { cause });
    }
    return new ObjectIndex(database, true);
  }

  static openToRead(file: string): ObjectIndex {
    return new ObjectIndex(new DatabaseSync(file, { readOnly: true }), false);
  }

  find(key: string): IndexedObject | null {
    const row = this.#database.prepare('SELECT * FROM objects WHERE key = ?').get(key);
    return row === undefined ? null : toObject(row);
  }

  /** Notes an object as it was met in a round. */
  put({ key, sizeBytes, etag, md5, contentType }: IndexedObject, round: string): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)')
      .run(key, sizeBytes, etag, md5, contentType, round);
  }

  *all(): Generator<IndexedObject> {
    for (const row of this.#database.prepare('SELECT * FROM objects').iterate()) yield toObject(row);
  }

  /** Keys that a round did not meet, some at a time. */
  missedIn(round: string, limit: number): string[] {
    const rows = this.#database.prepare('SELECT key FROM objects WHERE round <> ? LIMIT ?').all(round, limit);
    return rows.map(({ key }) => String(key));
  }

  remove(key: string): void {
    this.#database.prepare('DELETE FROM objects WHERE key = ?').run(key);
  }

  totals(): { objects: number; bytes: number } {
    const row = this.#database
      .prepare('SELECT count(*) AS objects, coalesce(sum(size_bytes), 0) AS bytes FROM objects')
      .get();
    return { objects: Number(row?.objects), bytes: Number(row?.bytes) };
  }

  /** Makes everything durable. */
  flush(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Leaves one file, which can be read from a medium that nobody can write to. */
  close(): void {
    try {
      if (this.#writes) this.#database.exec('PRAGMA journal_mode = DELETE');
    } finally {
      this.#database.close();
    }
  }
}

function toObject(row: unknown): IndexedObject {
  const { key, size_bytes: sizeBytes, etag, md5, content_type: contentType } = rowSchema.parse(row);
  return { key, sizeBytes, etag, md5, contentType };
}

import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createGunzip, createGzip } from 'node:zlib';
import { TextTail } from '@reelmill/shared/runtime/programOutput.ts';
import type { DatabaseLocation } from '../db/database.ts';
import { receiveFile } from './files.ts';
import { dumpMysql, isMysqlEmpty, loadMysql } from './mysqlPrograms.ts';

/** The last line of a whole dump, of MySQL and MariaDB alike. */
const COMPLETED = /^-- Dump completed/;
const TAIL_CHARACTERS = 1_000;

/** Writes a consistent copy of a running database. Returns the file's name. Only one that is whole is there. */
export async function dumpDatabase(
  location: DatabaseLocation,
  folder: string,
  round: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  if ('url' in location) {
    const name = `database-${round}.sql.gz`;
    const file = path.join(folder, name);
    await dumpMysql(location.url, async (sql) => {
      await receiveFile(sql.pipe(createGzip({ level: 1 })), file, () => undefined);
    });
    await assertCompleted(file);
    return name;
  }
  const name = `database-${round}.sqlite`;
  await copySqlite(location.sqliteFile, path.join(folder, name));
  return name;
}

/** Throws where a dump of MySQL ends before its end, as when the connection broke. */
export async function assertCompleted(file: string): Promise<void> {
  // the lines before may be of any length
  const tail = new TextTail(TAIL_CHARACTERS);
  for await (const chunk of createReadStream(file).pipe(createGunzip())) tail.push(chunk);
  const last = tail.toString().trimEnd().split('\n').at(-1) ?? '';
  if (!COMPLETED.test(last)) throw new Error(`${file} is not a whole dump: its end is missing`);
}

/** One read transaction of SQLite: what is written meanwhile is not in the copy. */
async function copySqlite(from: string, to: string): Promise<void> {
  await stat(from);
  const draft = `${to}.new`;
  await rm(draft, { force: true });
  const source = new DatabaseSync(from, { timeout: 10_000 });
  try {
    source.prepare('VACUUM INTO ?').run(draft);
  } finally {
    source.close();
  }
  const handle = await open(draft, 'r+');
  await handle.sync();
  await handle.close();
  await rename(draft, to);
}

/** Throws where the installation has a database already: a backup is restored into an empty one only. */
export async function assertNoDatabase(location: DatabaseLocation): Promise<void> {
  const isEmpty =
    'url' in location
      ? await isMysqlEmpty(location.url)
      : (await stat(location.sqliteFile).catch(() => null)) === null;
  if (isEmpty) return;
  const where =
    'url' in location ? 'The database has tables already' : `${location.sqliteFile} is there already`;
  throw new Error(
    `${where}. A backup is restored into an empty installation only; see deploy/operations.md.`,
  );
}

export async function loadDatabase(location: DatabaseLocation, file: string): Promise<void> {
  if ('url' in location) {
    await assertCompleted(file);
    await loadMysql(location.url, createReadStream(file).pipe(createGunzip()));
    return;
  }
  const draft = `${location.sqliteFile}.restoring`;
  await mkdir(path.dirname(draft), { recursive: true });
  await copyFile(file, draft);
  await rename(draft, location.sqliteFile);
}

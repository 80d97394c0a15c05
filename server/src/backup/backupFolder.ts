import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { restrictToOwner } from '@reelmill/shared/runtime/filePermissions.ts';
import { z } from 'zod';
import { writeDurably } from './files.ts';

/**
 * What lies in the folder of a backup:
 *
 *   backup.json   which dump belongs to it; written last, so a backup that died half way leaves the one before whole
 *   database-*    the dump
 *   objects/KEY   the objects, as they are
 *   objects.db    size, ETag, MD5 and type of each
 *   secrets.json  the secret of a standalone installation
 */
const descriptionSchema = z.object({
  v: z.literal(1),
  made_at: z.iso.datetime(),
  profile: z.enum(['standalone', 'distributed']),
  version: z.string(),
  /** File in the folder. */
  database: z.string(),
  /** Tells whether another installation has the same secret, and nothing of the secret itself. */
  secret_fingerprint: z.string(),
  objects: z.int(),
  bytes: z.int(),
});
export type BackupDescription = z.infer<typeof descriptionSchema>;

/** What a backup puts into its folder, what was begun of it, and the copy of `.env` that `backup.sh` adds. */
const OWN_NAMES =
  /^(backup\.json|objects|objects\.db|secrets\.json|database-.*|env)(\.new|-journal|-wal|-shm)?$/;

export class BackupFolder {
  readonly path: string;

  constructor(folder: string) {
    this.path = path.resolve(folder);
  }

  file(...names: string[]): string {
    return path.join(this.path, ...names);
  }

  objectFile(key: string): string {
    return this.file('objects', ...key.split('/'));
  }

  get indexFile(): string {
    return this.file('objects.db');
  }

  get secretsFile(): string {
    return this.file('secrets.json');
  }

  /** Makes the folder, and closes what an earlier version left readable for others. */
  async prepare(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await restrictToOwner(this.path, (name) => OWN_NAMES.test(name));
  }

  /** Null where there is no finished backup. */
  async read(): Promise<BackupDescription | null> {
    try {
      return descriptionSchema.parse(JSON.parse(await readFile(this.file('backup.json'), 'utf8')));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  /** From this moment on it is the backup. */
  async commit(description: BackupDescription): Promise<void> {
    const draft = this.file('backup.json.new');
    await writeDurably(draft, `${JSON.stringify(description, null, 2)}\n`);
    await rename(draft, this.file('backup.json'));
  }
}

import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { QueueStore } from '../engine/ports/ports.ts';
import { type QueueEntry, queueEntrySchema } from '../engine/ports/queueEntry.ts';
import { writeFileAtomically } from './atomicFile.ts';

const fileSchema = z.object({ v: z.literal(1), scope: z.string(), uploads: z.array(z.unknown()) });

/** The queue of one account, in a file of its own that only the user may read. */
export class QueueFile implements QueueStore {
  readonly #path: string;
  readonly #scope: string;

  /** `scope` is the account: server and user. */
  constructor(folder: string, scope: string) {
    const name = createHash('sha256').update(scope).digest('hex').slice(0, 32);
    this.#path = join(folder, `${name}.json`);
    this.#scope = scope;
  }

  /** Returns nothing where there is no file. A file that cannot be parsed is renamed and kept. */
  async load(): Promise<QueueEntry[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return [];
    const entries = this.#parse(text);
    if (entries !== null) return entries;
    await rename(this.#path, `${this.#path}.broken`);
    return [];
  }

  async save(entries: readonly QueueEntry[]): Promise<void> {
    await writeFileAtomically(this.#path, JSON.stringify({ v: 1, scope: this.#scope, uploads: entries }));
  }

  #parse(text: string): QueueEntry[] | null {
    try {
      const file = fileSchema.parse(JSON.parse(text));
      if (file.scope !== this.#scope) return null;
      return file.uploads.flatMap((upload) => queueEntrySchema.safeParse(upload).data ?? []);
    } catch {
      return null;
    }
  }
}

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type JournalEntry, journalEntrySchema } from '../engine/ports/journalEntry.ts';
import type { Journal } from '../engine/ports/ports.ts';
import { writeFileAtomically } from './atomicFile.ts';

const SUFFIX = '.json';

/** A journal with one small file for each unfinished upload. */
export class FileJournal implements Journal {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns null also for a file that is not a journal: the server still knows what it has. */
  async load(key: string): Promise<JournalEntry | null> {
    const text = await readFile(this.#path(key), 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      return journalEntrySchema.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }

  async save(key: string, entry: JournalEntry): Promise<void> {
    try {
      await writeFileAtomically(this.#path(key), JSON.stringify(entry));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ReelmillError('disk_full', `The journal of the upload cannot be written: ${reason}`, {
        cause,
        retryable: false,
      });
    }
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async list(): Promise<{ key: string; entry: JournalEntry }[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const entries = [];
    for (const name of names.filter((one) => one.endsWith(SUFFIX)).sort()) {
      const key = name.slice(0, -SUFFIX.length);
      const entry = await this.load(key);
      if (entry !== null) entries.push({ key, entry });
    }
    return entries;
  }

  #path(key: string): string {
    return join(this.#folder, key + SUFFIX);
  }
}

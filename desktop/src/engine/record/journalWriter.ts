import type { JournalEntry } from '../ports/journalEntry.ts';
import type { Journal } from '../ports/ports.ts';

/**
 * Keeps one entry of the journal up to date. Writing is slower than sending: changes made during a save are written with
 * the next one. A part that was not recorded is not lost: it is hashed again when the upload resumes.
 */
export class JournalWriter {
  readonly #journal: Journal;
  readonly #key: string;
  #entry: JournalEntry;
  #saving: Promise<void> | null = null;
  #dirty = false;
  #failure: unknown = null;

  constructor(journal: Journal, key: string, entry: JournalEntry) {
    this.#journal = journal;
    this.#key = key;
    this.#entry = entry;
  }

  /** Throws the error of an earlier save. */
  recordPart(partNumber: number, etag: string): void {
    this.#entry.parts[String(partNumber)] = etag;
    this.#touch();
  }

  removePart(partNumber: number): void {
    delete this.#entry.parts[String(partNumber)];
    this.#touch();
  }

  retitle(title: string | null): void {
    this.#entry.title = title;
    this.#touch();
  }

  /** Resolves when everything recorded so far is on disk. Throws the error of a save. */
  async flush(): Promise<void> {
    this.#touch();
    while (this.#saving !== null) await this.#saving;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Resolves when no save is running. Never throws: the other methods report a failure. */
  async whenIdle(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
  }

  #touch(): void {
    if (this.#failure !== null) throw this.#failure;
    this.#dirty = true;
    this.#saving ??= this.#saveWhileDirty();
  }

  async #saveWhileDirty(): Promise<void> {
    try {
      while (this.#dirty) {
        this.#dirty = false;
        await this.#journal.save(this.#key, this.#entry);
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#saving = null;
    }
  }
}

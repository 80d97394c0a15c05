import type { JournalEntry } from '../ports/journalEntry.ts';
import type { Journal } from '../ports/ports.ts';

/**
 * Keeps one entry of the journal up to date. Writing is slower than sending: while one save runs, changes gather for
 * the next, so that there are never more than two in the making. A part that was not noted is not lost, only hashed
 * again on the way back.
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

  /** Throws what went wrong with an earlier save. */
  recordPart(partNumber: number, etag: string): void {
    this.#entry.parts[String(partNumber)] = etag;
    this.#touch();
  }

  forgetPart(partNumber: number): void {
    delete this.#entry.parts[String(partNumber)];
    this.#touch();
  }

  retitle(title: string | null): void {
    this.#entry.title = title;
    this.#touch();
  }

  /** Everything noted so far is on disk afterwards. */
  async flush(): Promise<void> {
    this.#touch();
    while (this.#saving !== null) await this.#saving;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Waits for what is being written; a failure was or will be told by the other calls. */
  async settle(): Promise<void> {
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

import type { QueueChange, UploadSnapshot } from '../../contracts/desktop.ts';
import type { UploadEvent } from '../../engine/record/events.ts';

/** Collects the events of a queue into one message, with only the last snapshot of each upload. */
export class QueueChanges {
  readonly #present = new Set<string>();
  #changed = new Map<string, UploadSnapshot>();
  #removed: string[] = [];
  #isReordered = false;

  /** Adds an event and returns whether it changes the message. */
  add(event: UploadEvent): boolean {
    if (event.type === 'signedOut') return false;
    if (event.type === 'moved') this.#isReordered = true;
    else if (event.type === 'removed') this.#remove(event.id);
    else return this.#update(event.upload, event.type === 'added');
    return true;
  }

  /** Returns the changes since the last call, or null; `order` returns the ids of all uploads. */
  take(order: () => string[]): QueueChange | null {
    const changed = [...this.#changed.values()];
    const removed = this.#removed;
    const isReordered = this.#isReordered;
    this.#changed = new Map();
    this.#removed = [];
    this.#isReordered = false;
    if (changed.length === 0 && removed.length === 0 && !isReordered) return null;
    return { changed, removed, order: isReordered ? order() : null };
  }

  #update(upload: UploadSnapshot, isNew: boolean): boolean {
    if (isNew) {
      this.#present.add(upload.id);
      this.#isReordered = true;
    }
    // late events of a removed upload are ignored
    if (!this.#present.has(upload.id)) return false;
    this.#changed.set(upload.id, upload);
    return true;
  }

  #remove(id: string): void {
    this.#present.delete(id);
    this.#changed.delete(id);
    this.#removed.push(id);
    this.#isReordered = true;
  }
}

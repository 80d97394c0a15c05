import type { QueueChange, UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import type { UploadEvent } from '../../engine/record/events.ts';

/** Gathers what happens in a queue into one message: of each upload only how it is in the end. */
export class QueueChanges {
  readonly #present = new Set<string>();
  #changed = new Map<string, UploadSnapshot>();
  #removed: string[] = [];
  #isReordered = false;

  /** Whether the event is one to tell of. */
  note(event: UploadEvent): boolean {
    if (event.type === 'signedOut') return false;
    if (event.type === 'moved') this.#isReordered = true;
    else if (event.type === 'removed') this.#remove(event.id);
    else return this.#update(event.upload, event.type === 'added');
    return true;
  }

  /** What has gathered since the last call, or null; `order` names all uploads as they are now. */
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
    // what is still told of an upload that has left the queue is nobody's concern
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

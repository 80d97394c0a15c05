import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { isActive } from '../../engine/queue/totals.ts';

/**
 * The progress of the uploads that were active together. Finished ones count until none is active any more: otherwise the
 * progress would go back whenever a file is finished.
 */
export class BatchProgress {
  readonly #ids = new Set<string>();

  /** Returns the progress from 0 to 1, over the bytes of the files whose size is known. */
  measure(uploads: Iterable<UploadSnapshot>): number {
    let [active, totalBytes, doneBytes] = [0, 0, 0];
    for (const { id, state, sizeBytes, sentBytes } of uploads) {
      const isBeingSent = isActive(state);
      const hasArrived = this.#ids.has(id) && (state === 'processing' || state === 'online');
      if (isBeingSent) {
        active += 1;
        this.#ids.add(id);
      }
      if (sizeBytes === null || !(isBeingSent || hasArrived)) continue;
      totalBytes += sizeBytes;
      doneBytes += hasArrived ? sizeBytes : Math.min(sizeBytes, sentBytes);
    }
    if (active === 0) this.#ids.clear();
    return totalBytes === 0 ? 0 : doneBytes / totalBytes;
  }
}

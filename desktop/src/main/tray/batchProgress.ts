import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { isActive } from '../../engine/queue/totals.ts';

/**
 * How far the uploads are that were under way together. Those that arrived count until nothing is under way any more:
 * otherwise the progress would fall back whenever a file is done.
 */
export class BatchProgress {
  readonly #ids = new Set<string>();

  /** From 0 to 1, over the bytes of the files whose size is known. */
  measure(uploads: Iterable<UploadSnapshot>): number {
    let [active, totalBytes, doneBytes] = [0, 0, 0];
    for (const { id, state, sizeBytes, sentBytes } of uploads) {
      const isUnderWay = isActive(state);
      const hasArrived = this.#ids.has(id) && (state === 'processing' || state === 'online');
      if (isUnderWay) {
        active += 1;
        this.#ids.add(id);
      }
      if (sizeBytes === null || !(isUnderWay || hasArrived)) continue;
      totalBytes += sizeBytes;
      doneBytes += hasArrived ? sizeBytes : Math.min(sizeBytes, sentBytes);
    }
    if (active === 0) this.#ids.clear();
    return totalBytes === 0 ? 0 : doneBytes / totalBytes;
  }
}

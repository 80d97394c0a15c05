import type { QueueChange } from '@reelmill/shared/contracts/desktop.ts';
import type { UploadManager } from '../../engine/queue/manager.ts';
import { QueueChanges } from './queueChanges.ts';

/** How often the changes of a queue are told at most. */
const REST_MS = 150;

/** Tells what changes in a queue: at once after a quiet time, and then together with whatever else changes meanwhile. */
export class ChangeFeed {
  readonly #manager: UploadManager;
  readonly #tell: (change: QueueChange) => void;
  readonly #changes = new QueueChanges();
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | null = null;
  #toldAtMs = -REST_MS;

  constructor(manager: UploadManager, tell: (change: QueueChange) => void) {
    this.#manager = manager;
    this.#tell = tell;
    this.#unsubscribe = manager.subscribe((event) => {
      if (this.#changes.note(event)) this.#schedule();
    });
  }

  /** Tells what has gathered, and that all uploads are gone. */
  close(): void {
    this.#unsubscribe();
    this.#flush();
    const removed = this.#manager.order;
    if (removed.length > 0) this.#tell({ changed: [], removed, order: [] });
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const waitMs = Math.max(0, this.#toldAtMs + REST_MS - performance.now());
    this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#toldAtMs = performance.now();
    const change = this.#changes.take(() => this.#manager.order);
    if (change !== null) this.#tell(change);
  }
}

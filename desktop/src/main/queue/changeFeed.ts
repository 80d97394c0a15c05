import type { QueueChange } from '../../contracts/desktop.ts';
import type { UploadManager } from '../../engine/queue/manager.ts';
import { QueueChanges } from './queueChanges.ts';

/** The minimum interval between messages. */
const INTERVAL_MS = 150;

/** Sends the changes of a queue: the first at once, then those of each interval in one message. */
export class ChangeFeed {
  readonly #manager: UploadManager;
  readonly #send: (change: QueueChange) => void;
  readonly #changes = new QueueChanges();
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | null = null;
  #sentAtMs = -INTERVAL_MS;

  constructor(manager: UploadManager, send: (change: QueueChange) => void) {
    this.#manager = manager;
    this.#send = send;
    this.#unsubscribe = manager.subscribe((event) => {
      if (this.#changes.add(event)) this.#schedule();
    });
  }

  /** Sends the remaining changes, then that all uploads are removed.  */
  close(): void {
    this.#unsubscribe();
    this.#flush();
    const removed = this.#manager.order;
    if (removed.length > 0) this.#send({ changed: [], removed, order: [] });
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const waitMs = Math.max(0, this.#sentAtMs + INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sentAtMs = performance.now();
    const change = this.#changes.take(() => this.#manager.order);
    if (change !== null) this.#send(change);
  }
}

import type { Upload } from '../upload/upload.ts';
import type { UploadQueue } from './uploadQueue.ts';

/** Sends the waiting uploads in the order of the queue, up to `count` of them at once. */
export class UploadScheduler {
  readonly #queue: UploadQueue;
  readonly #sending = new Set<Upload>();
  readonly #blockers = new Set<string>();
  #count: number;

  constructor(queue: UploadQueue, count: number) {
    this.#queue = queue;
    this.#count = count;
  }

  /** Starts waiting uploads while slots are free. Call it whenever an upload or a slot may have become available. */
  fill(): void {
    for (const upload of this.#queue.inOrder) {
      if (this.#blockers.size > 0 || this.#sending.size >= this.#count) return;
      if (upload.isReady) this.#send(upload);
    }
  }

  /** Changes the number of slots. Uploads beyond it are requeued, the last of the queue first; the store keeps their parts. */
  async resize(count: number): Promise<void> {
    this.#count = count;
    const inOrder = this.#queue.inOrder.filter((upload) => this.#sending.has(upload));
    await Promise.all(inOrder.slice(count).map((upload) => upload.requeue()));
    this.fill();
  }

  /** Requeues what is being sent; nothing is sent until the reason is unblocked. */
  async block(reason: string): Promise<void> {
    this.#blockers.add(reason);
    await Promise.all([...this.#sending].map((upload) => upload.requeue()));
  }

  /** Starts nothing any more; the caller stops what runs. */
  close(): void {
    this.#blockers.add('closed');
  }

  unblock(reason: string): void {
    this.#blockers.delete(reason);
    this.fill();
  }

  #send(upload: Upload): void {
    this.#sending.add(upload);
    void upload.send().then(() => {
      this.#sending.delete(upload);
      this.fill();
    });
  }
}

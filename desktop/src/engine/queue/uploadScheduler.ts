import type { Upload } from '../upload/upload.ts';
import type { UploadQueue } from './uploadQueue.ts';

/** Sends the uploads that wait, in the order of the queue and a few at the same time. */
export class UploadScheduler {
  readonly #queue: UploadQueue;
  readonly #sending = new Set<Upload>();
  readonly #holds = new Set<string>();
  #count: number;

  constructor(queue: UploadQueue, count: number) {
    this.#queue = queue;
    this.#count = count;
  }

  /** To be called whenever there may be something to send, or a place to send it. */
  fill(): void {
    for (const upload of this.#queue.inOrder) {
      if (this.#holds.size > 0 || this.#sending.size >= this.#count) return;
      if (upload.isReady) this.#send(upload);
    }
  }

  /** What is too much from now on goes back to waiting, the last of the queue first; the store keeps what it has. */
  async resize(count: number): Promise<void> {
    this.#count = count;
    const inOrder = this.#queue.inOrder.filter((upload) => this.#sending.has(upload));
    await Promise.all(inOrder.slice(count).map((upload) => upload.requeue()));
    this.fill();
  }

  /** Nothing is sent for this reason, until it is released; what was running waits. */
  async hold(reason: string): Promise<void> {
    this.#holds.add(reason);
    await Promise.all([...this.#sending].map((upload) => upload.requeue()));
  }

  /** Nothing is begun any more; what runs is ended by others. */
  close(): void {
    this.#holds.add('closed');
  }

  release(reason: string): void {
    this.#holds.delete(reason);
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

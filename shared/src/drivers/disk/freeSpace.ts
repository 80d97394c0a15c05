import { statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { insufficientStorage } from '../store/insufficientStorage.ts';

/**
 * Keeps uploads from filling the disk that the database and the transcodes write to as well. What uploads that are under
 * way will still bring counts as taken.
 */
export class FreeSpace {
  readonly #folder: string;
  readonly #minFreeBytes: number;
  readonly #pending = new Set<() => number>();

  constructor(folder: string, minFreeBytes: number) {
    this.#folder = folder;
    this.#minFreeBytes = minFreeBytes;
  }

  /**
   * Runs `receive` with its `sizeBytes` taken into account. Throws `insufficient_storage` where they would leave less
   * than the floor free.
   */
  async during<T>(request: IncomingMessage, sizeBytes: number, receive: () => Promise<T>): Promise<T> {
    const { socket } = request;
    const readBefore = socket.bytesRead;
    const remaining = (): number => Math.max(0, sizeBytes - (socket.bytesRead - readBefore));
    this.#pending.add(remaining);
    try {
      await this.#assertRoom();
      return await receive();
    } finally {
      this.#pending.delete(remaining);
    }
  }

  async #assertRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    let pendingBytes = 0;
    for (const remaining of this.#pending) pendingBytes += remaining();
    if (bavail * bsize - pendingBytes >= this.#minFreeBytes) return;
    throw insufficientStorage(this.#minFreeBytes);
  }
}

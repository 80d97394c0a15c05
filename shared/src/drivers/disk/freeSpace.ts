import { statfs } from 'node:fs/promises';
import { insufficientStorage } from '../store/insufficientStorage.ts';

/** The disk is looked at anew after so many bytes of all uploads, or so long: others write to it as well. */
const WINDOW_BYTES = 64 * 1024 * 1024;
const WINDOW_MS = 1_000;

/**
 * Keeps uploads from filling the disk that the database and the transcodes write to as well. Bytes count when they have
 * arrived and are about to be written: what is only announced keeps no room from anybody.
 */
export class FreeSpace {
  readonly #folder: string;
  readonly #minFreeBytes: number;
  #windowBytes = 0;
  #windowEndsAt = 0;

  constructor(folder: string, minFreeBytes: number) {
    this.#folder = folder;
    this.#minFreeBytes = minFreeBytes;
  }

  /** Throws `insufficient_storage` where so many bytes alone would leave less than the floor free. */
  async assertRoom(sizeBytes: number): Promise<void> {
    if (sizeBytes > (await this.#measureRoom())) throw insufficientStorage(this.#minFreeBytes);
  }

  /**
   * Takes room for bytes that are written next. Throws `insufficient_storage` where they would leave less than the floor
   * free; that may be less by what is being written at the moment and what others write within a second.
   */
  async claim(sizeBytes: number): Promise<void> {
    if (sizeBytes > this.#windowBytes || performance.now() >= this.#windowEndsAt) {
      const roomBytes = await this.#measureRoom();
      if (sizeBytes > roomBytes) throw insufficientStorage(this.#minFreeBytes);
      this.#windowBytes = Math.min(roomBytes, WINDOW_BYTES);
      this.#windowEndsAt = performance.now() + WINDOW_MS;
    }
    this.#windowBytes -= sizeBytes;
  }

  async #measureRoom(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize - this.#minFreeBytes;
  }
}

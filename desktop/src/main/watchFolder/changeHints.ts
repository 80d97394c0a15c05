import { type FSWatcher, watch } from 'node:fs';

/** Only these systems watch subfolders themselves. */
const WATCHES_DEEPLY = process.platform === 'win32' || process.platform === 'darwin';

/**
 * Hints that something in a folder may have changed. They may be missing altogether, as on many network drives, and only
 * trigger a scan.
 */
export class ChangeHints {
  readonly #path: string;
  readonly #onHint: () => void;
  #watcher: FSWatcher | null = null;

  constructor(path: string, onHint: () => void) {
    this.#path = path;
    this.#onHint = onHint;
  }

  /** Starts to listen where that is possible. */
  listen(): void {
    if (this.#watcher !== null) return;
    try {
      const watcher = watch(this.#path, { recursive: WATCHES_DEEPLY, persistent: false }, this.#onHint);
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
    } catch {
      // the folder is gone, or the system's limit of watchers is reached
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }
}

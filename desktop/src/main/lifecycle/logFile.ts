import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The log file and the previous one. At `maxBytes` the file replaces the previous one, so that both together never take
 * more than twice as much. A full disk loses log lines; it never stops the app.
 */
export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: number | null = null;
  #bytes = 0;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** The file before this one. */
  get previousPath(): string {
    return this.#path.replace(/(\.[^.\\/]*)?$/, '.previous$1');
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      if (this.#file !== null && this.#bytes + bytes.length > this.#maxBytes) this.#rotate();
      this.#file ??= this.#open();
      this.#bytes += writeSync(this.#file, bytes);
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found !== undefined && found.size >= this.#maxBytes) this.#replacePrevious();
    const file = openSync(this.#path, 'a', 0o600);
    this.#bytes = statSync(this.#path).size;
    return file;
  }

  #rotate(): void {
    this.close();
    this.#replacePrevious();
  }

  #replacePrevious(): void {
    rmSync(this.previousPath, { force: true });
    renameSync(this.#path, this.previousPath);
  }
}

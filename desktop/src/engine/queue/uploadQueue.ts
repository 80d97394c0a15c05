import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { isFinished } from '../record/uploadStates.ts';
import type { Upload } from '../upload/upload.ts';

/** Uploads in their order, indexed by id and by path. */
export class UploadQueue {
  readonly #byId = new Map<string, Upload>();
  /** The latest upload of each path. */
  readonly #byPath = new Map<string, Upload>();
  #order: Upload[] = [];

  get inOrder(): readonly Upload[] {
    return this.#order;
  }

  get ids(): string[] {
    return this.#order.map((upload) => upload.id);
  }

  /** Throws `not_found`. */
  find(id: string): Upload {
    const upload = this.#byId.get(id);
    if (upload === undefined) throw new ReelmillError('not_found', 'There is no such upload in the queue.');
    return upload;
  }

  /** Returns the uploads with these ids that exist, in the order of the queue. */
  pick(ids: readonly string[]): Upload[] {
    const wanted = new Set(ids);
    return this.#order.filter((upload) => wanted.has(upload.id));
  }

  latestAt(path: string): Upload | undefined {
    return this.#byPath.get(path);
  }

  /** Returns the upload of a file that still has to be sent: automatically, or on the user's command. */
  toSendAt(path: string): Upload | undefined {
    const upload = this.latestAt(path);
    return upload !== undefined && isStillToSend(upload.snapshot) ? upload : undefined;
  }

  append(upload: Upload): void {
    this.#order.push(upload);
    this.#byId.set(upload.id, upload);
    this.#byPath.set(upload.path, upload);
  }

  /** Moves an upload to another position; 0 is the first. */
  move(upload: Upload, index: number): void {
    const others = this.#order.filter((other) => other !== upload);
    this.#order = others.toSpliced(Math.max(0, index), 0, upload);
  }

  remove(uploads: readonly Upload[]): void {
    const gone = new Set(uploads);
    this.#order = this.#order.filter((upload) => !gone.has(upload));
    for (const upload of gone) {
      this.#byId.delete(upload.id);
      this.#unindexPath(upload.path, upload);
    }
  }

  /** Indexes an upload under its new path. */
  repath(upload: Upload, before: string): void {
    this.#unindexPath(before, upload);
    this.#byPath.set(upload.path, upload);
  }

  #unindexPath(path: string, upload: Upload): void {
    if (this.#byPath.get(path) === upload) this.#byPath.delete(path);
  }
}

function isStillToSend({ state, failure }: UploadSnapshot): boolean {
  if (state === 'failed') return failure?.stage === 'upload';
  return !isFinished(state) && state !== 'processing';
}

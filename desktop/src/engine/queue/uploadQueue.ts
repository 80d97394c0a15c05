import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { isFinished, takesSlot } from '../record/uploadStates.ts';
import type { Upload } from '../upload/upload.ts';

/** Uploads in their order, found by id or by path without a search. */
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

  /** Those of the named ones that are there, in the order of the queue. */
  pick(ids: readonly string[]): Upload[] {
    const wanted = new Set(ids);
    return this.#order.filter((upload) => wanted.has(upload.id));
  }

  latestAt(path: string): Upload | undefined {
    return this.#byPath.get(path);
  }

  /** The upload of a file that still has to be sent, by itself or when the user says so. */
  toSendAt(path: string): Upload | undefined {
    const upload = this.latestAt(path);
    return upload !== undefined && isStillToSend(upload.snapshot) ? upload : undefined;
  }

  append(upload: Upload): void {
    this.#order.push(upload);
    this.#byId.set(upload.id, upload);
    this.#byPath.set(upload.path, upload);
  }

  /** To another place; 0 is the first. */
  move(upload: Upload, index: number): void {
    const others = this.#order.filter((other) => other !== upload);
    this.#order = others.toSpliced(Math.max(0, index), 0, upload);
  }

  remove(uploads: readonly Upload[]): void {
    const gone = new Set(uploads);
    this.#order = this.#order.filter((upload) => !gone.has(upload));
    for (const upload of gone) {
      this.#byId.delete(upload.id);
      this.#forgetPath(upload.path, upload);
    }
  }

  /** An upload has another path than it had. */
  repath(upload: Upload, before: string): void {
    this.#forgetPath(before, upload);
    this.#byPath.set(upload.path, upload);
  }

  #forgetPath(path: string, upload: Upload): void {
    if (this.#byPath.get(path) === upload) this.#byPath.delete(path);
  }
}

/** The order to stop uploads in: otherwise those that wait would take the slots that come free. */
export function waitingFirst(uploads: readonly Upload[]): Upload[] {
  return uploads.toSorted((a, b) => Number(takesSlot(a.state)) - Number(takesSlot(b.state)));
}

function isStillToSend({ state, failure }: UploadSnapshot): boolean {
  if (state === 'failed') return failure?.stage === 'upload';
  return !isFinished(state) && state !== 'processing';
}

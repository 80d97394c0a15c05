import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { OpenUpload, StoredObject, StoredPart, UploadRef } from '../../ports/objectStore.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { assertMd5 } from '../store/exactSize.ts';
import { assertPartNumber, assertSameParts, joinEtags, sumSizes } from '../store/parts.ts';
import { isAbsent } from './diskErrors.ts';
import { type DiskObjects, toStoredObject } from './diskObjects.ts';
import { KeyedLock } from './keyedLock.ts';
import { type DiskLayout, syncFolder } from './layout.ts';
import { PartWriters } from './partWriters.ts';
import { receiveBytes, type WriteGate } from './receiveBytes.ts';

const uploadIdSchema = z.uuid();

const planSchema = z.object({
  key: z.string(),
  contentType: z.string(),
  partSizeBytes: z.number().int().positive(),
  sizeBytes: z.number().int().nonnegative(),
});
type UploadPlan = z.infer<typeof planSchema>;

// the name of an empty file is the whole record of a part, so it appears and disappears at one instant
const RECORD = /^(\d+)\.(\d+)\.([0-9a-f]{32})$/;

/**
 * Multipart uploads as folders: `data` takes part n at (n-1)*partSizeBytes, so joining the parts is a rename;
 * `parts/<number>.<size>.<md5>` records a part that is whole and on the disk; `upload.json` is the plan.
 * A part goes unrecorded → being written → recorded, and back to unrecorded before it is written again.
 */
export class DiskUploads {
  readonly #layout: DiskLayout;
  readonly #objects: DiskObjects;
  readonly #writers = new PartWriters();
  readonly #endings = new KeyedLock();

  constructor(layout: DiskLayout, objects: DiskObjects) {
    this.#layout = layout;
    this.#objects = objects;
  }

  async create(plan: UploadPlan): Promise<UploadRef> {
    this.#layout.objectPath(plan.key);
    const uploadId = randomUUID();
    const draft = this.#layout.newTmpPath();
    await mkdir(path.join(draft, 'parts'), { recursive: true });
    await writeFile(path.join(draft, 'upload.json'), JSON.stringify(planSchema.parse(plan)), { flush: true });
    const data = await open(path.join(draft, 'data'), 'wx');
    try {
      await data.truncate(plan.sizeBytes);
      await data.sync();
    } finally {
      await data.close();
    }
    await rename(draft, this.#folder(uploadId));
    await syncFolder(this.#layout.uploads);
    return { key: plan.key, uploadId };
  }

  /**
   * Receives one part and resolves with its ETag. A newer write of the same part puts an end to an older one. Throws
   * `too_large` where the part would reach beyond its slot, `upload_gone`, `size_mismatch`, `checksum_mismatch` where its
   * MD5 is another one than `md5`, `aborted`, or what the gate refuses with.
   */
  async writePart(
    uploadId: string,
    partNumber: number,
    body: Readable,
    { sizeBytes, md5, gate }: { sizeBytes: number; md5?: string | undefined; gate?: WriteGate },
  ): Promise<string> {
    assertPartNumber(partNumber);
    return await this.#writers.run(uploadId, partNumber, async (signal) => {
      const plan = await this.#readPlan(uploadId);
      const position = (partNumber - 1) * plan.partSizeBytes;
      const slotBytes = Math.max(0, Math.min(plan.partSizeBytes, plan.sizeBytes - position));
      if (sizeBytes > slotBytes)
        throw new ReelmillError('too_large', `Part ${partNumber} has room for ${slotBytes} bytes.`);
      await this.#unrecord(uploadId, partNumber);
      const data = await open(path.join(this.#folder(uploadId), 'data'), 'r+');
      try {
        const etag = await receiveBytes(body, data, {
          position,
          sizeBytes,
          signal,
          gate,
          freesBuffers: true,
        });
        assertMd5(etag, md5);
        await this.#record(uploadId, { partNumber, sizeBytes, etag });
        return etag;
      } finally {
        await data.close();
      }
    });
  }

  async listParts(upload: UploadRef): Promise<StoredPart[]> {
    await this.#readPlan(upload.uploadId, upload.key);
    return await this.#readRecords(upload.uploadId);
  }

  complete(upload: UploadRef, parts: readonly StoredPart[]): Promise<StoredObject> {
    return this.#endings.run(upload.uploadId, async () => {
      let plan: UploadPlan;
      try {
        plan = await this.#readPlan(upload.uploadId, upload.key);
      } catch (error) {
        if (!(error instanceof ReelmillError) || error.code !== 'upload_gone') throw error;
        return await this.#findCompleted(upload, parts);
      }
      return await this.#writers.close(upload.uploadId, () => this.#join(upload, plan, parts));
    });
  }

  abort(upload: UploadRef): Promise<void> {
    return this.#endings.run(upload.uploadId, async () => {
      try {
        await this.#readPlan(upload.uploadId, upload.key);
      } catch (error) {
        if (error instanceof ReelmillError && error.code === 'upload_gone') return;
        throw error;
      }
      await this.#writers.stop(upload.uploadId);
      await this.#writers.close(upload.uploadId, () => this.#discard(upload.uploadId));
    });
  }

  async *list(key?: string): AsyncGenerator<OpenUpload> {
    for (const uploadId of await readdir(this.#layout.uploads)) {
      try {
        const plan = await this.#readPlan(uploadId, key);
        const { mtime } = await stat(path.join(this.#folder(uploadId), 'upload.json'));
        yield { key: plan.key, uploadId, startedAt: mtime };
      } catch (error) {
        // of another key, or ended since the folder was read
        if (!isAbsent(error) && !(error instanceof ReelmillError && error.code === 'upload_gone'))
          throw error;
      }
    }
  }

  /** Puts an end to everything that is being received. */
  async close(): Promise<void> {
    await this.#writers.stopAll();
  }

  async #join(upload: UploadRef, plan: UploadPlan, parts: readonly StoredPart[]): Promise<StoredObject> {
    assertSameParts(parts, await this.#readRecords(upload.uploadId));
    if (sumSizes(parts) !== plan.sizeBytes) {
      throw new ReelmillError(
        'size_mismatch',
        `The parts have ${sumSizes(parts)} bytes together, not ${plan.sizeBytes}.`,
      );
    }
    const data = path.join(this.#folder(upload.uploadId), 'data');
    try {
      await this.#objects.commit(plan.key, data, {
        etag: joinEtags(parts),
        contentType: plan.contentType,
      });
    } catch (error) {
      // a crash came between the rename and the end of the upload's folder
      if (!isAbsent(error)) throw error;
    }
    const object = await this.#findCompleted(upload, parts);
    await this.#discard(upload.uploadId);
    return object;
  }

  async #findCompleted(upload: UploadRef, parts: readonly StoredPart[]): Promise<StoredObject> {
    const object = await this.#objects.read(upload.key);
    if (object && object.etag === joinEtags(parts) && object.sizeBytes === sumSizes(parts))
      return toStoredObject(object);
    throw uploadGone();
  }

  async #discard(uploadId: string): Promise<void> {
    // out of sight in one step; a crash during the removal leaves only something for the next start to clear
    const doomed = this.#layout.newTmpPath();
    await rename(this.#folder(uploadId), doomed);
    await rm(doomed, { recursive: true, force: true });
  }

  async #readPlan(uploadId: string, key?: string): Promise<UploadPlan> {
    let text: string;
    try {
      text = await readFile(path.join(this.#folder(uploadId), 'upload.json'), 'utf8');
    } catch (error) {
      if (isAbsent(error)) throw uploadGone();
      throw error;
    }
    const plan = planSchema.parse(JSON.parse(text));
    if (key !== undefined && plan.key !== key) throw uploadGone();
    return plan;
  }

  async #readRecords(uploadId: string): Promise<StoredPart[]> {
    const parts: StoredPart[] = [];
    for (const name of await readdir(this.#partsFolder(uploadId))) {
      const [, number, size, etag] = RECORD.exec(name) ?? [];
      if (etag) parts.push({ partNumber: Number(number), sizeBytes: Number(size), etag });
    }
    return parts.sort((a, b) => a.partNumber - b.partNumber);
  }

  async #record(uploadId: string, part: StoredPart): Promise<void> {
    const folder = this.#partsFolder(uploadId);
    const record = await open(path.join(folder, recordName(part)), 'wx');
    await record.close();
    await syncFolder(folder);
  }

  async #unrecord(uploadId: string, partNumber: number): Promise<void> {
    const stale = (await this.#readRecords(uploadId)).filter((part) => part.partNumber === partNumber);
    if (stale.length === 0) return;
    const folder = this.#partsFolder(uploadId);
    for (const part of stale) await unlink(path.join(folder, recordName(part)));
    await syncFolder(folder);
  }

  #folder(uploadId: string): string {
    if (!uploadIdSchema.safeParse(uploadId).success) throw uploadGone();
    return path.join(this.#layout.uploads, uploadId);
  }

  #partsFolder(uploadId: string): string {
    return path.join(this.#folder(uploadId), 'parts');
  }
}

function recordName(part: StoredPart): string {
  return `${part.partNumber}.${part.sizeBytes}.${part.etag}`;
}

function uploadGone(): ReelmillError {
  return new ReelmillError('upload_gone', 'The store does not know this upload, or it has ended.');
}

import { videoIdInKey } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore, OpenUpload } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import { findOrFail } from './candidates.ts';
import { type Candidate, DAY_MS, HOUR_MS, type RetentionContext, type RetentionJob } from './job.ts';

const PAGE = 500;
const MIN_AGE_MS = DAY_MS;

/** Open uploads of the store that no row names: what a crash left between the two. */
export const orphanedUploads: RetentionJob = {
  name: 'stray_uploads',
  description: 'abort open uploads of the store that no video knows',
  pollMs: 60_000,
  intervalMs: 6 * HOUR_MS,
  listsStorage: true,
  isScheduled: () => true,

  async find(context, { now }) {
    const startedBefore = new Date(now.getTime() - MIN_AGE_MS);
    const candidates: Candidate[] = [];
    for await (const upload of context.store.listUploads()) {
      const videoId = videoIdInKey(upload.key);
      if (!videoId || upload.startedAt >= startedBefore) continue;
      if (await isKnown(context.database.models, videoId, upload)) continue;
      candidates.push(await findOrFail(context, videoId, () => toCandidate(context, videoId, upload)));
      if (candidates.length === PAGE) break;
    }
    return { candidates, nextPosition: null };
  },
};

/** An upload that is just being opened has no id in its row yet. */
async function isKnown(models: Models, videoId: number, { uploadId }: OpenUpload): Promise<boolean> {
  const row = await models.Upload.findByPk(videoId, { attributes: ['storeUploadId'] });
  return row !== null && (row.storeUploadId === null || row.storeUploadId === uploadId);
}

async function toCandidate(
  { store }: RetentionContext,
  videoId: number,
  upload: OpenUpload,
): Promise<Candidate> {
  const parts = await listPartsIfOpen(store, upload);
  return {
    videoId,
    key: upload.key,
    objects: parts.length,
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    since: upload.startedAt,
    reason: 'an open upload that no video knows',
    remove: () => store.abortUpload(upload),
  };
}

/** Nothing where the upload has ended in the meantime. */
export async function listPartsIfOpen(store: ObjectStore, upload: { key: string; uploadId: string }) {
  try {
    return await store.listParts(upload);
  } catch (error) {
    if (error instanceof ReelmillError && error.code === 'upload_gone') return [];
    throw error;
  }
}

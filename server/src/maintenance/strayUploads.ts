import { videoIdInKey } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore, OpenUpload } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import { findOrFail } from './collect.ts';
import { DAY_MS, type Finding, HOUR_MS, type RetentionContext, type RetentionJob } from './job.ts';

const PAGE = 500;
const MIN_AGE_MS = DAY_MS;

/** Open uploads of the store that no row names: what a crash left between the two. */
export const strayUploads: RetentionJob = {
  name: 'stray_uploads',
  description: 'give up open uploads of the store that no video knows',
  pollMs: 60_000,
  restMs: 6 * HOUR_MS,
  walksStore: true,
  isScheduled: () => true,

  async find(context, { now }) {
    const startedBefore = new Date(now.getTime() - MIN_AGE_MS);
    const findings: Finding[] = [];
    for await (const upload of context.store.listUploads()) {
      const videoId = videoIdInKey(upload.key);
      if (!videoId || upload.startedAt >= startedBefore) continue;
      if (await isKnown(context.database.models, videoId, upload)) continue;
      findings.push(await findOrFail(context, videoId, () => toFinding(context, videoId, upload)));
      if (findings.length === PAGE) break;
    }
    return { findings, nextPosition: null };
  },
};

/** An upload that is just being opened has no id in its row yet. */
async function isKnown(models: Models, videoId: number, { uploadId }: OpenUpload): Promise<boolean> {
  const row = await models.Upload.findByPk(videoId, { attributes: ['storeUploadId'] });
  return row !== null && (row.storeUploadId === null || row.storeUploadId === uploadId);
}

async function toFinding({ store }: RetentionContext, videoId: number, upload: OpenUpload): Promise<Finding> {
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

import { Op } from 'sequelize';
import type { UploadRow, VideoRow } from '../db/rows.ts';
import { expireUpload } from '../uploads/abortUpload.ts';
import { findOrFail } from './candidates.ts';
import type { Candidate, RetentionContext, RetentionJob } from './job.ts';
import { listPartsIfOpen } from './orphanedUploads.ts';

const PAGE = 50;

/** Uploads that were not finished in time, in parts or as one PUT, and those that were aborted and are still in the store. */
export const staleUploads: RetentionJob = {
  name: 'stale_uploads',
  description: 'abort uploads that were not finished within UPLOAD_TTL_HOURS',
  pollMs: 30_000,
  intervalMs: 0,
  listsStorage: false,
  isScheduled: () => true,

  async find(context, { position, now }) {
    const { models } = context.database;
    const rows = await models.Upload.findAll({
      where: { videoId: { [Op.gt]: position }, expiresAt: { [Op.lte]: now } },
      order: [['videoId', 'ASC']],
      limit: PAGE,
    });
    const videos = await models.Video.findAll({
      attributes: ['id', 'status', 'sourceKey'],
      where: { id: rows.map(({ videoId }) => videoId) },
    });
    const byId = new Map(videos.map((video) => [video.id, video]));
    const candidates: Candidate[] = [];
    for (const row of rows) {
      const video = byId.get(row.videoId);
      if (video === undefined) continue;
      candidates.push(await findOrFail(context, row.videoId, () => toCandidate(context, video, row)));
    }
    return { candidates, nextPosition: rows.length < PAGE ? null : (rows.at(-1)?.videoId ?? null) };
  },
};

async function toCandidate(
  context: RetentionContext,
  { sourceKey, status }: Pick<VideoRow, 'sourceKey' | 'status'>,
  row: UploadRow,
): Promise<Candidate> {
  const { store } = context;
  const held =
    row.storeUploadId === null
      ? [await store.stat(sourceKey)].filter((object) => object !== null)
      : await listPartsIfOpen(store, { key: sourceKey, uploadId: row.storeUploadId });
  return {
    videoId: row.videoId,
    key: sourceKey,
    objects: held.length,
    sizeBytes: held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    since: row.createdAt,
    reason: status === 'uploading' ? 'not finished in time' : 'aborted',
    remove: () => expireUpload(context, row.videoId),
  };
}

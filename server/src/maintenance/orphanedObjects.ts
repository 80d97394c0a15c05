import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { Op } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import { collectCandidates, type StaleObject } from './candidates.ts';
import { type Candidate, DAY_MS, type RetentionContext, type RetentionJob } from './job.ts';

const PAGE = 200;
const DEFAULT_AGE_DAYS = 7;

/**
 * Objects of videos that the database does not know. That does not happen by itself: a video's row goes after its
 * objects. It happens when a database was restored from an older backup, or belongs to another store: then the objects
 * may be all that is left of somebody's footage. So they go only by hand, or where the configuration says so; and never
 * those of a number above the newest video's, which the next upload may be given.
 */
export const orphanedObjects: RetentionJob = {
  name: 'orphans',
  description: 'remove the objects of videos that the database does not know',
  pollMs: 60_000,
  intervalMs: DAY_MS,
  listsStorage: true,
  isScheduled: (config) => config.RETAIN_ORPHANS_DAYS !== undefined,

  async find(context, { position, now }) {
    const { Video } = context.database.models;
    const newest = Number((await Video.max('id')) ?? 0);
    const last = Math.min(position + PAGE, newest);
    const rows = await Video.findAll({
      attributes: KNOWN,
      where: { id: { [Op.gt]: position, [Op.lte]: last } },
    });
    const known = new Map(rows.map((row) => [row.id, row]));
    const days = context.config.RETAIN_ORPHANS_DAYS ?? DEFAULT_AGE_DAYS;
    const writtenBefore = new Date(now.getTime() - days * DAY_MS);
    const candidates: Candidate[] = [];
    for (let id = position + 1; id <= last; id += 1) {
      const row = known.get(id);
      const found = findOrphaned(context, id, row, writtenBefore);
      candidates.push(...(await collectCandidates(context.store, id, found)));
    }
    return { candidates, nextPosition: last < newest ? last : null };
  },
};

type Known = Pick<VideoRow, 'id' | 'status' | 'sourceKey' | 'objectFolder' | 'putKey' | 'deletedAt'>;
const KNOWN = ['id', 'status', 'sourceKey', 'objectFolder', 'putKey', 'deletedAt'];

async function* findOrphaned(
  { store, database }: RetentionContext,
  videoId: number,
  video: Known | undefined,
  writtenBefore: Date,
): AsyncGenerator<StaleObject> {
  // a deleted video is purged as a whole
  if (video !== undefined && video.deletedAt !== null) return;
  const folders = [objectKeys.rawPrefix(videoId), objectKeys.processedPrefix(videoId)];
  // the random part of a folder's name is not known without its row
  for (const prefix of [...folders, ...folders.map((folder) => folder.replace(/\/$/, '-'))]) {
    for await (const object of store.list(prefix)) {
      if (object.lastModified >= writtenBefore || reasonIfOrphaned(object.key, video) === null) continue;
      // it may have become the video's since its row was read
      const now = await database.models.Video.findByPk(videoId, { attributes: KNOWN });
      const reason = reasonIfOrphaned(object.key, now ?? undefined);
      if (reason !== null) yield { object, reason };
    }
  }
}

/**
 * Null for an object that belongs to its video, or may yet: an upload gets the key of its source when it is complete.
 * Others are left by a video that had this number before a restore.
 */
function reasonIfOrphaned(key: string, video: Known | undefined): string | null {
  if (video === undefined) return 'there is no such video';
  if (key === video.sourceKey || key === video.putKey) return null;
  if (video.status === 'uploading') return null;
  if (key.startsWith(objectKeys.processedPrefix(videoFolder(video)))) return null;
  return 'not of this video';
}

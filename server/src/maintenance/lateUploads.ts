import type { StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import { Op } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import { maxSourceBytes } from '../uploads/sizeLimits.ts';
import { type Candidate, nextPositionAfter, type RetentionContext, type RetentionJob } from './job.ts';

const PAGE = 100;
/** So many objects of the store are looked for at a time. */
const LOOKS_AT_ONCE = 16;

type Video = Pick<VideoRow, 'id' | 'userId' | 'status' | 'putKey' | 'deletedAt'>;

/**
 * What comes through the URL of a single PUT and is of no use: anything after its upload has ended or its video was
 * deleted, and more than may be uploaded while it is open. A store that cannot end URLs takes both. What is uploaded counts towards the quota.
 */
export const lateUploads: RetentionJob = {
  name: 'late_uploads',
  description: 'remove what was put after its upload had ended, or is larger than allowed',
  pollMs: 10_000,
  intervalMs: 0,
  listsStorage: false,
  isScheduled: () => true,

  async find(context, { position, now }) {
    const candidates: Candidate[] = [];
    const staged = new Map<number, number>();
    // few rows have anything to remove, and a page without candidates would pass for the end
    for (let from: number | null = position; from !== null; ) {
      const videos = await readOpen(context, from, now);
      for (let start = 0; start < videos.length; start += LOOKS_AT_ONCE) {
        const some = videos.slice(start, start + LOOKS_AT_ONCE);
        const objects = await Promise.all(some.map((video) => findPut(context, video)));
        for (const [index, video] of some.entries()) {
          candidates.push(...(await findLate(context, video, objects[index] ?? null, staged)));
        }
      }
      from = nextPositionAfter(videos, PAGE);
    }
    return { candidates, nextPosition: null };
  },
};

function readOpen({ database }: RetentionContext, position: number, now: Date): Promise<VideoRow[]> {
  return database.models.Video.findAll({
    attributes: ['id', 'userId', 'status', 'putKey', 'deletedAt'],
    where: {
      id: { [Op.gt]: position },
      putKey: { [Op.not]: null },
      [Op.or]: [{ status: 'uploading', deletedAt: null }, { putEndsAt: { [Op.gt]: now } }],
    },
    order: [['id', 'ASC']],
    limit: PAGE,
  });
}

async function findPut({ store }: RetentionContext, { putKey }: Video): Promise<StoredObject | null> {
  return putKey === null ? null : store.stat(putKey);
}

/** `staged` is what the open uploads before this one hold, by user: together they may have what the quota has left. */
async function findLate(
  context: RetentionContext,
  video: Video,
  object: StoredObject | null,
  staged: Map<number, number>,
): Promise<Candidate[]> {
  if (object === null) return [];
  const isOpen = video.status === 'uploading' && video.deletedAt === null;
  if (!isOpen) return [toCandidate(context, video, object, 'put after its upload ended')];
  const before = staged.get(video.userId) ?? 0;
  const { file, quota } = await maxSourceBytes(context, video);
  const isTooLarge = object.sizeBytes > file || object.sizeBytes + before > quota;
  if (isTooLarge) return [toCandidate(context, video, object, 'larger than allowed')];
  staged.set(video.userId, before + object.sizeBytes);
  return [];
}

function toCandidate(
  { store }: RetentionContext,
  video: Video,
  object: StoredObject,
  reason: string,
): Candidate {
  return {
    videoId: video.id,
    key: object.key,
    objects: 1,
    sizeBytes: object.sizeBytes,
    since: object.lastModified,
    reason,
    remove: () => store.remove([object.key]),
  };
}

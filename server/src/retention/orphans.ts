import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { Op } from 'sequelize';
import { collectFindings, type StrayObject } from './collect.ts';
import { DAY_MS, type Finding, type RetentionContext, type RetentionJob } from './job.ts';

const PAGE = 200;
const DEFAULT_AGE_DAYS = 7;

/**
 * Objects of videos that the database does not know. That does not happen by itself: a video's row goes after its
 * objects. It happens when a database was restored from an older backup, or belongs to another store: then the objects
 * may be all that is left of somebody's footage. So they go only by hand, or where the configuration says so; and never
 * those of a number above the newest video's, which the next upload may be given.
 */
export const orphans: RetentionJob = {
  name: 'orphans',
  description: 'remove the objects of videos that the database does not know',
  pollMs: 60_000,
  restMs: DAY_MS,
  walksStore: true,
  isScheduled: (config) => config.RETAIN_ORPHANS_DAYS !== undefined,

  async find(context, { position, now }) {
    const { Video } = context.database.models;
    const newest = Number((await Video.max('id')) ?? 0);
    const last = Math.min(position + PAGE, newest);
    const rows = await Video.findAll({
      attributes: ['id', 'sourceKey', 'deletedAt'],
      where: { id: { [Op.gt]: position, [Op.lte]: last } },
    });
    const known = new Map(rows.map((row) => [row.id, row]));
    const days = context.config.RETAIN_ORPHANS_DAYS ?? DEFAULT_AGE_DAYS;
    const writtenBefore = new Date(now.getTime() - days * DAY_MS);
    const findings: Finding[] = [];
    for (let id = position + 1; id <= last; id += 1) {
      const row = known.get(id);
      const found =
        row === undefined ? strangers(context, id, writtenBefore) : otherSources(context, row, writtenBefore);
      findings.push(...(await collectFindings(context.store, id, found)));
    }
    return { findings, nextPosition: last < newest ? last : null };
  },
};

async function* strangers(
  { store }: RetentionContext,
  videoId: number,
  writtenBefore: Date,
): AsyncGenerator<StrayObject> {
  for (const prefix of [objectKeys.rawPrefix(videoId), objectKeys.processedPrefix(videoId)]) {
    for await (const object of store.list(prefix)) {
      if (object.lastModified < writtenBefore) yield { object, reason: 'there is no such video' };
    }
  }
}

/** Another file in the place of a video's source: left by a video that had this number before the database was restored. */
async function* otherSources(
  { store }: RetentionContext,
  video: { id: number; sourceKey: string; deletedAt: Date | null },
  writtenBefore: Date,
): AsyncGenerator<StrayObject> {
  // a deleted video is purged as a whole
  if (video.deletedAt !== null) return;
  for await (const object of store.list(objectKeys.rawPrefix(video.id))) {
    if (object.key !== video.sourceKey && object.lastModified < writtenBefore) {
      yield { object, reason: 'not the source of this video' };
    }
  }
}

import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { Op } from 'sequelize';
import { HEARTBEAT, readHeartbeat } from '../clock/heartbeat.ts';
import type { Database } from '../db/database.ts';
import type { VideoRow } from '../db/rows.ts';
import { failTranscode, restartTranscode } from '../transcode/lifecycle.ts';

export interface Reconciled {
  /** Videos whose transcode begins anew. */
  restarted: number;
  /** Videos whose source is not in the backup. */
  lost: number;
}

/**
 * Brings a database of another day into step with the store. A transcode that was under way begins anew: the segments
 * of that moment may have been replaced while the objects were copied, and nobody works on them any more. Workers and
 * leases of that day are removed. Safe to repeat.
 */
export async function reconcileRestored(database: Database, store: ObjectStore): Promise<Reconciled> {
  const { models } = database;
  await models.Worker.destroy({ where: {} });
  await models.RetentionJob.destroy({ where: {} });
  // an administrator has seen to this time; open uploads have theirs again
  await readHeartbeat(models);
  await models.Heartbeat.update({ beatAt: new Date(), clockDoubt: 'restored from a backup' }, HEARTBEAT);
  // another store names the same content by another ETag, and says it was written now
  await models.Video.update(
    { sourceEtag: null, sourceLastModified: null },
    { where: { sourceEtag: { [Op.not]: null } }, silent: true },
  );
  const videos = await models.Video.findAll({
    attributes: ['id', 'sourceKey'],
    where: { status: 'transcoding', deletedAt: null },
    order: [['id', 'ASC']],
  });
  const reconciled: Reconciled = { restarted: 0, lost: 0 };
  for (const { id, sourceKey } of videos) {
    if ((await store.stat(sourceKey)) === null) {
      await failWithoutSource(database, id);
      reconciled.lost += 1;
    } else {
      await restart(database, id);
      reconciled.restarted += 1;
    }
  }
  return reconciled;
}

async function restart({ models, transaction }: Database, id: number): Promise<void> {
  await transaction(async (within) => {
    const video = await findTranscoding(models, id, within);
    if (video !== null) await restartTranscode({ models, transaction: within, video, requestId: null });
  });
}

async function failWithoutSource({ models, transaction }: Database, id: number): Promise<void> {
  await transaction(async (within) => {
    const video = await findTranscoding(models, id, within);
    if (video === null) return;
    const failure = {
      code: 'source_gone',
      message: 'The file of this video was lost; upload it again.',
    } as const;
    // no server runs, so nobody counts
    const metrics = { videoFailed: () => undefined };
    await failTranscode({ models, transaction: within, video, failure, metrics });
  });
}

async function findTranscoding(
  models: Database['models'],
  id: number,
  transaction: Parameters<Parameters<Database['transaction']>[0]>[0],
): Promise<VideoRow | null> {
  return models.Video.findOne({
    where: { id, status: 'transcoding' },
    transaction,
    lock: transaction.LOCK.UPDATE,
  });
}

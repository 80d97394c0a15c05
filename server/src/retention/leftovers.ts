import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import { Op } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import { versionInKey } from '../publish/leftovers.ts';
import { collectFindings, type StrayObject } from './collect.ts';
import { DAY_MS, nextPositionAfter, type RetentionContext, type RetentionJob } from './job.ts';

const PAGE = 50;
/** Whoever could still write or read it has stopped by then. */
const MIN_AGE_MS = DAY_MS;

type Video = Pick<
  VideoRow,
  'id' | 'objectFolder' | 'status' | 'planVersion' | 'sourceKey' | 'sourceRemovedAt' | 'transcodeStartedAt'
>;

/**
 * Objects that a video has no use for any more: segments of earlier plans and of transcodes that ended, a source that
 * was removed or arrived after its upload was given up. That never changes again, so what is found may be removed later
 * whatever happens to the video in between.
 */
export const leftovers: RetentionJob = {
  name: 'leftovers',
  description: 'remove what earlier transcodes and late uploads left behind',
  pollMs: 60_000,
  restMs: DAY_MS,
  walksStore: true,
  isScheduled: () => true,

  async find(context, { position, now }) {
    const videos = await context.database.models.Video.findAll({
      attributes: [
        'id',
        'objectFolder',
        'status',
        'planVersion',
        'sourceKey',
        'sourceRemovedAt',
        'transcodeStartedAt',
      ],
      where: { id: { [Op.gt]: position }, deletedAt: null },
      order: [['id', 'ASC']],
      limit: PAGE,
    });
    const writtenBefore = new Date(now.getTime() - MIN_AGE_MS);
    const findings = [];
    for (const video of videos) {
      findings.push(
        ...(await collectFindings(context.store, video.id, strays(context, video, writtenBefore))),
      );
    }
    return { findings, nextPosition: nextPositionAfter(videos, PAGE) };
  },
};

async function* strays(
  { store, database }: RetentionContext,
  video: Video,
  writtenBefore: Date,
): AsyncGenerator<StrayObject> {
  const isOld = ({ lastModified }: StoredObject): boolean => lastModified < writtenBefore;
  for await (const object of store.list(objectKeys.processedPrefix(videoFolder(video)))) {
    if (isOld(object) && isOldSegment(video, object.key)) {
      yield { object, reason: 'segments of an earlier transcode' };
    }
  }
  // of an upload that goes on, or is still to be given up: that removes the source as well
  if ((await database.models.Upload.count({ where: { videoId: video.id } })) > 0) return;
  const reason = reasonToDropSource(video);
  if (video.objectFolder === null) {
    const source = reason === null ? null : await store.stat(video.sourceKey);
    if (source !== null && isOld(source)) yield { object: source, reason: reason ?? '' };
    return;
  }
  // once there is no upload, the source is the one that was accepted: it may have been so since the row was read
  const now = await database.models.Video.findByPk(video.id, { attributes: ['sourceKey'] });
  for await (const object of store.list(objectKeys.rawPrefix(video.objectFolder))) {
    const why = object.key === now?.sourceKey ? reason : 'not the source that was accepted';
    if (why !== null && isOld(object)) yield { object, reason: why };
  }
}

/** Whether a key names a segment or init of a plan that is over. A plan that comes after the row was read is newer. */
export function isOldSegment(
  { status, planVersion }: Pick<Video, 'status' | 'planVersion'>,
  key: string,
): boolean {
  const version = versionInKey(key);
  if (version === null) return false;
  return version < planVersion || (version === planVersion && (status === 'failed' || status === 'canceled'));
}

/** Null where the source is, or may be, of use. */
export function reasonToDropSource({
  status,
  sourceRemovedAt,
  transcodeStartedAt,
}: Pick<Video, 'status' | 'sourceRemovedAt' | 'transcodeStartedAt'>): string | null {
  if (sourceRemovedAt !== null) return 'a source that was to be removed';
  // a video that was canceled later keeps its source, for it can be transcoded again
  if (status === 'canceled' && transcodeStartedAt === null)
    return 'a source that came after its upload ended';
  return null;
}
